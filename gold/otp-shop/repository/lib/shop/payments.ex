defmodule Shop.Payments do
  @moduledoc """
  Charges cards. Requests to the gateway run in tasks, so that one slow request does not hold up the others.
  """

  use GenServer

  require Logger

  alias Shop.Payments.Gateway

  @timeout 8_000
  @remembered_failures 50

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "`{:ok, receipt}` or `{:error, reason}`."
  def charge(order_id, cents) do
    GenServer.call(__MODULE__, {:charge, order_id, cents}, @timeout)
  end

  @doc "The latest failures, newest first, for the operators' console."
  def failures do
    GenServer.call(__MODULE__, :failures)
  end

  @impl true
  def init(opts) do
    {:ok, %{pending: %{}, failures: [], gateway: Keyword.get(opts, :gateway, Gateway)}}
  end

  @impl true
  def handle_call({:charge, order_id, cents}, from, state) do
    task =
      Task.Supervisor.async_nolink(Shop.TaskSupervisor, state.gateway, :charge, [order_id, cents])

    {:noreply, put_in(state.pending[task.ref], {order_id, from})}
  end

  def handle_call(:failures, _from, state) do
    {:reply, state.failures, state}
  end

  @impl true
  def handle_info({ref, {:ok, receipt}}, state) when is_map_key(state.pending, ref) do
    Process.demonitor(ref, [:flush])
    {{_order_id, from}, pending} = Map.pop!(state.pending, ref)
    GenServer.reply(from, {:ok, receipt})
    {:noreply, %{state | pending: pending}}
  end

  def handle_info({ref, {:error, reason}}, state) when is_map_key(state.pending, ref) do
    Process.demonitor(ref, [:flush])
    {:noreply, failed(state, ref, reason)}
  end

  def handle_info({:DOWN, ref, :process, _pid, reason}, state)
      when is_map_key(state.pending, ref) do
    {:noreply, failed(state, ref, {:crashed, reason})}
  end

  def handle_info(_message, state) do
    {:noreply, state}
  end

  defp failed(state, ref, reason) do
    {{order_id, _from}, pending} = Map.pop!(state.pending, ref)
    Logger.warning("order #{order_id} was not charged: #{inspect(reason)}")
    failures = Enum.take([{order_id, reason} | state.failures], @remembered_failures)
    %{state | pending: pending, failures: failures}
  end
end
