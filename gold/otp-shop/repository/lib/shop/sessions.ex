defmodule Shop.Sessions do
  @moduledoc """
  Which customers are in the shop now. A session lasts as long as the process that registered it.
  """

  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Registers the calling process as the customer's session."
  def register(customer_id) do
    GenServer.call(__MODULE__, {:register, customer_id})
  end

  def active?(customer_id) do
    GenServer.call(__MODULE__, {:active?, customer_id})
  end

  def count do
    GenServer.call(__MODULE__, :count)
  end

  @impl true
  def init(_opts) do
    {:ok, %{customers: %{}}}
  end

  @impl true
  def handle_call({:register, customer_id}, {pid, _tag}, state) do
    unless Map.has_key?(state.customers, pid), do: Process.monitor(pid)
    {:reply, :ok, put_in(state.customers[pid], customer_id)}
  end

  def handle_call({:active?, customer_id}, _from, state) do
    {:reply, customer_id in Map.values(state.customers), state}
  end

  def handle_call(:count, _from, state) do
    {:reply, map_size(state.customers), state}
  end

  @impl true
  def handle_info({:DOWN, _ref, :process, pid, _reason}, state) do
    {:noreply, %{state | customers: Map.delete(state.customers, pid)}}
  end

  def handle_info(_message, state) do
    {:noreply, state}
  end
end
