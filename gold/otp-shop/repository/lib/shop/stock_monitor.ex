defmodule Shop.StockMonitor do
  @moduledoc """
  Publishes `:low_stock` every hour, with the articles that fell below their limit.
  """

  use GenServer

  alias Shop.{EventRouter, Inventory}

  @interval :timer.hours(1)

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  def limits do
    GenServer.call(__MODULE__, :limits)
  end

  def put_limit(sku, quantity) do
    GenServer.call(__MODULE__, {:put_limit, sku, quantity})
  end

  @doc "Also called from the console, to get the list at once."
  def report do
    case Inventory.below(limits()) do
      [] -> :ok
      articles -> EventRouter.publish(:low_stock, articles)
    end
  end

  @impl true
  def init(opts) do
    Process.send_after(self(), :report, @interval)
    {:ok, %{limits: Keyword.get(opts, :limits, %{})}}
  end

  @impl true
  def handle_call(:limits, _from, state) do
    {:reply, state.limits, state}
  end

  def handle_call({:put_limit, sku, quantity}, _from, state) do
    {:reply, :ok, %{state | limits: Map.put(state.limits, sku, quantity)}}
  end

  @impl true
  def handle_info(:report, state) do
    {:ok, _pid} = Task.Supervisor.start_child(Shop.TaskSupervisor, fn -> report() end)
    Process.send_after(self(), :report, @interval)
    {:noreply, state}
  end
end
