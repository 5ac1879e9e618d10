defmodule Shop.InventoryTest do
  use ExUnit.Case

  alias Shop.Inventory

  setup do
    sku = "sku-" <> Base.encode16(:crypto.strong_rand_bytes(6))
    Inventory.release(sku, 3)
    {:ok, sku: sku}
  end

  test "reserves what is there", %{sku: sku} do
    assert Inventory.reserve(sku, 2) == :ok
    assert Inventory.on_hand(sku) == 1
    assert Inventory.reserve(sku, 2) == {:error, {:out_of_stock, sku}}
  end

  test "reserves all or nothing", %{sku: sku} do
    assert {:error, {:out_of_stock, "none"}} = Inventory.reserve_all([{sku, 1}, {"none", 1}])
    assert Inventory.on_hand(sku) == 3
  end
end
