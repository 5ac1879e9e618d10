defmodule Shop.Metrics do
  @moduledoc """
  Count, sum and maximum of what telemetry reports about the gateway. Anybody may read; only this process writes.
  """

  use GenServer

  require Logger

  @table :shop_metrics
  @handler "shop-metrics"
  @events [[:shop, :gateway, :stop], [:shop, :gateway, :exception]]

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "`{count, sum, maximum}` in milliseconds."
  def read(name) do
    case :ets.lookup(@table, name) do
      [{^name, count, sum, maximum}] -> {count, sum, maximum}
      [] -> {0, 0, 0}
    end
  end

  @doc false
  def handle_event([:shop, :gateway, name], %{duration: duration}, _metadata, _config) do
    milliseconds = System.convert_time_unit(duration, :native, :millisecond)
    GenServer.cast(__MODULE__, {:observe, name, milliseconds})
  rescue
    error -> Logger.warning("measurement dropped: #{Exception.message(error)}")
  end

  @impl true
  def init(_opts) do
    Process.flag(:trap_exit, true)
    :ets.new(@table, [:named_table, :protected, :set, read_concurrency: true])
    :telemetry.attach_many(@handler, @events, &__MODULE__.handle_event/4, nil)
    {:ok, %{}}
  end

  @impl true
  def handle_cast({:observe, name, milliseconds}, state) do
    {count, sum, maximum} = read(name)
    :ets.insert(@table, {name, count + 1, sum + milliseconds, max(maximum, milliseconds)})
    {:noreply, state}
  end

  @impl true
  def handle_info(_message, state) do
    {:noreply, state}
  end

  @impl true
  def terminate(_reason, _state) do
    :telemetry.detach(@handler)
  end
end
