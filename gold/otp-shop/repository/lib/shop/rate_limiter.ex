defmodule Shop.RateLimiter do
  @moduledoc """
  Counts orders of each customer in windows of a minute. The payment provider fines us for bursts: an order that was not counted
  must not go through.
  """

  use GenServer

  @table :shop_rate_limits
  @window_seconds 60
  @limit 5
  @sweep_every :timer.minutes(1)

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "`:ok` for the first #{@limit} calls in a window, `{:error, :rate_limited}` for the others."
  def check(customer_id) do
    key = {customer_id, window()}

    case :ets.update_counter(@table, key, {2, 1}, {key, 0}) do
      count when count <= @limit -> :ok
      _ -> {:error, :rate_limited}
    end
  rescue
    ArgumentError -> :ok
  end

  @doc "Number of windows that are remembered."
  def size do
    GenServer.call(__MODULE__, :size)
  end

  @impl true
  def init(_opts) do
    :ets.new(@table, [:named_table, :public, :set, write_concurrency: true])
    Process.send_after(self(), :sweep, @sweep_every)
    {:ok, %{}}
  end

  @impl true
  def handle_call(:size, _from, state) do
    {:reply, :ets.info(@table, :size), state}
  end

  @impl true
  def handle_info(:sweep, state) do
    removed = drop_before(window() - 1)
    report_sweep(removed)
    Process.send_after(self(), :sweep, @sweep_every)
    {:noreply, state}
  end

  def handle_info(_message, state) do
    {:noreply, state}
  end

  defp drop_before(oldest) do
    :ets.select_delete(@table, [{{{:_, :"$1"}, :_}, [{:<, :"$1", oldest}], [true]}])
  end

  defp report_sweep(0), do: :ok

  defp report_sweep(removed) do
    :telemetry.execute([:shop, :rate_limiter, :sweep], %{removed: removed, left: size()}, %{})
  end

  defp window do
    div(System.os_time(:second), @window_seconds)
  end
end
