defmodule Shop.CartTest do
  use ExUnit.Case, async: true

  alias Shop.Cart

  setup do
    id = "cart-#{System.unique_integer([:positive])}"
    :ok = Cart.open(id)
    {:ok, id: id}
  end

  test "adds up pieces of one article", %{id: id} do
    :ok = Cart.add(id, "mug", 1)
    :ok = Cart.add(id, "mug", 2)
    :ok = Cart.add(id, "cup", 1)
    assert Cart.lines(id) == [{"cup", 1}, {"mug", 3}]
  end

  test "is gone after close", %{id: id} do
    [{pid, _}] = Registry.lookup(Shop.CartRegistry, id)
    assert Cart.close(id) == :ok
    refute Process.alive?(pid)
    assert Cart.close(id) == :ok
  end
end
