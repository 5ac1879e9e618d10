defmodule Shop.EventRouter do
  @moduledoc """
  Publish and subscribe inside the node. A subscriber receives `{:shop_event, topic, payload}`.
  """

  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Subscribes the calling process. Subscribing twice is the same as subscribing once."
  def subscribe(topic) do
    GenServer.call(__MODULE__, {:subscribe, topic, self()})
  end

  def unsubscribe(topic) do
    GenServer.call(__MODULE__, {:unsubscribe, topic, self()})
  end

  def publish(router \\ __MODULE__, topic, payload) do
    GenServer.cast(router, {:publish, topic, payload})
  end

  @impl true
  def init(_opts) do
    {:ok, %{topics: %{}}}
  end

  @impl true
  def handle_call({:subscribe, topic, pid}, _from, state) do
    Process.monitor(pid)
    topics = Map.update(state.topics, topic, MapSet.new([pid]), &MapSet.put(&1, pid))
    {:reply, :ok, %{state | topics: topics}}
  end

  def handle_call({:unsubscribe, topic, pid}, _from, state) do
    topics = Map.update(state.topics, topic, MapSet.new(), &MapSet.delete(&1, pid))
    {:reply, :ok, %{state | topics: topics}}
  end

  @impl true
  def handle_cast({:publish, topic, payload}, state) do
    for pid <- Map.get(state.topics, topic, []) do
      send(pid, {:shop_event, topic, payload})
    end

    {:noreply, state}
  end

  @impl true
  def handle_info({:DOWN, _ref, :process, pid, _reason}, state) do
    topics = Map.new(state.topics, fn {topic, pids} -> {topic, MapSet.delete(pids, pid)} end)
    {:noreply, %{state | topics: topics}}
  end

  def handle_info(_message, state) do
    {:noreply, state}
  end
end
