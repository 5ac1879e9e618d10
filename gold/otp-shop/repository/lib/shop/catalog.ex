defmodule Shop.Catalog do
  @moduledoc """
  The price list. Loaded from the supplier's feed on start and every ten minutes.
  """

  use GenServer

  require Logger

  alias Shop.Catalog.Feed

  @refresh_every :timer.minutes(10)
  @retry_after :timer.seconds(5)

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "`{:ok, %{cents: integer, grams: integer}}` or `{:error, :unknown_sku}`."
  def price(sku) do
    GenServer.call(__MODULE__, {:price, sku})
  end

  @doc "Answers with `:ok` or `{:error, reason}` once an attempt to load the list has ended."
  def await_loaded(timeout \\ 30_000) do
    GenServer.call(__MODULE__, :await_loaded, timeout)
  end

  @impl true
  def init(_opts) do
    send(self(), :refresh)
    {:ok, %{prices: %{}, loaded?: false, waiting: []}}
  end

  @impl true
  def handle_call({:price, sku}, _from, state) do
    case state.prices do
      %{^sku => entry} -> {:reply, {:ok, entry}, state}
      _ -> {:reply, {:error, :unknown_sku}, state}
    end
  end

  def handle_call(:await_loaded, _from, %{loaded?: true} = state) do
    {:reply, :ok, state}
  end

  def handle_call(:await_loaded, from, state) do
    {:noreply, %{state | waiting: [from | state.waiting]}}
  end

  @impl true
  def handle_info(:refresh, state) do
    case Feed.download() do
      {:ok, body} ->
        prices = Feed.parse(body)
        Process.send_after(self(), :refresh, @refresh_every)
        {:noreply, answer_waiting(%{state | prices: prices, loaded?: true}, :ok)}

      {:error, reason} ->
        Logger.warning("price list not loaded: #{inspect(reason)}")
        Process.send_after(self(), :refresh, @retry_after)
        {:noreply, answer_waiting(state, {:error, reason})}
    end
  end

  def handle_info(_message, state) do
    {:noreply, state}
  end

  defp answer_waiting(state, answer) do
    Enum.each(state.waiting, &GenServer.reply(&1, answer))
    %{state | waiting: []}
  end
end
