defmodule Shop.Inventory do
  @moduledoc """
  Stock on hand. The table is filled from the store on start; every change is written back.
  """

  use GenServer

  alias Shop.Store

  @table :shop_inventory

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  def on_hand(sku) do
    case :ets.lookup(@table, sku) do
      [{^sku, quantity}] -> quantity
      [] -> 0
    end
  end

  @doc "Takes `quantity` pieces off the shelf, or none."
  def reserve(sku, quantity) do
    case on_hand(sku) do
      available when available >= quantity ->
        left = available - quantity
        :ok = Store.put({:stock, sku}, left)
        :ets.insert(@table, {sku, left})
        :ok

      _ ->
        {:error, {:out_of_stock, sku}}
    end
  end

  @doc "Reserves every `{sku, quantity}`, or none of them."
  def reserve_all(lines) do
    Enum.reduce_while(lines, {:ok, []}, fn {sku, quantity} = line, {:ok, taken} ->
      case reserve(sku, quantity) do
        :ok ->
          {:cont, {:ok, [line | taken]}}

        {:error, reason} ->
          release_all(taken)
          {:halt, {:error, reason}}
      end
    end)
  end

  @doc "Puts pieces back, or adds a delivery."
  def release(sku, quantity) do
    left = :ets.update_counter(@table, sku, {2, quantity}, {sku, 0})
    Store.put({:stock, sku}, left)
  end

  def release_all(lines) do
    Enum.each(lines, fn {sku, quantity} -> release(sku, quantity) end)
  end

  @doc "Articles with fewer pieces than their limit in `limits`."
  def below(limits) do
    for {sku, quantity} <- :ets.tab2list(@table),
        quantity < Map.get(limits, sku, 0),
        do: {sku, quantity}
  end

  @impl true
  def init(_opts) do
    :ets.new(@table, [:named_table, :public, :set, read_concurrency: true])
    :ets.insert(@table, Store.all(:stock))
    {:ok, %{}}
  end
end
