defmodule Shop.Fulfilment do
  @moduledoc """
  Paid orders on their way to the carrier, one after the other, in the order of payment.
  """

  use GenServer

  require Logger

  alias Shop.{EventRouter, Shipping}

  @pause 500
  @retry_after :timer.seconds(30)

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  def enqueue(order) do
    GenServer.call(__MODULE__, {:enqueue, order})
  end

  @doc "Number of orders that are not with the carrier yet."
  def backlog do
    GenServer.call(__MODULE__, :backlog)
  end

  @impl true
  def init(_opts) do
    Process.send_after(self(), :next, @pause)
    {:ok, %{queue: :queue.new(), booking: nil, router: Process.whereis(EventRouter)}}
  end

  @impl true
  def handle_call({:enqueue, order}, _from, state) do
    {:reply, :ok, %{state | queue: :queue.in(order, state.queue)}}
  end

  def handle_call(:backlog, _from, state) do
    booking = if state.booking, do: 1, else: 0
    {:reply, :queue.len(state.queue) + booking, state}
  end

  @impl true
  def handle_info(:next, state) do
    case :queue.out(state.queue) do
      {:empty, _queue} ->
        Process.send_after(self(), :next, @pause)
        {:noreply, state}

      {{:value, order}, queue} ->
        task = Task.Supervisor.async_nolink(Shop.TaskSupervisor, Shipping, :book, [order])
        {:noreply, %{state | queue: queue, booking: {task.ref, order}}}
    end
  end

  def handle_info({ref, {:ok, tracking}}, %{booking: {ref, order}} = state) do
    Process.demonitor(ref, [:flush])
    Task.start(fn -> Shipping.write_slip(order, tracking) end)
    EventRouter.publish(state.router, :order_shipped, Map.put(order, :tracking, tracking))
    Process.send_after(self(), :next, @pause)
    {:noreply, %{state | booking: nil}}
  end

  def handle_info({ref, {:error, reason}}, %{booking: {ref, _order}} = state) do
    Process.demonitor(ref, [:flush])
    {:noreply, try_later(state, reason)}
  end

  def handle_info({:DOWN, ref, :process, _pid, reason}, %{booking: {ref, _order}} = state) do
    {:noreply, try_later(state, reason)}
  end

  def handle_info(_message, state) do
    {:noreply, state}
  end

  defp try_later(%{booking: {_ref, order}} = state, reason) do
    Logger.warning("order #{order.id} was not booked: #{inspect(reason)}")
    Process.send_after(self(), :next, @retry_after)
    %{state | queue: :queue.in_r(order, state.queue), booking: nil}
  end
end
