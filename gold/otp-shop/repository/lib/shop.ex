defmodule Shop do
  @moduledoc """
  What the web layer and the operators' console call.
  """

  alias Shop.{Cart, Catalog, Checkout, Inventory, Reports, Sessions}

  @doc "Opens a cart for a visit. The calling process is tracked as the visitor's session."
  def visit(cart_id, customer_id) do
    :ok = Sessions.register(customer_id)
    Cart.open(cart_id)
  end

  defdelegate add_to_cart(cart_id, sku, quantity), to: Cart, as: :add
  defdelegate leave(cart_id), to: Cart, as: :close
  defdelegate price(sku), to: Catalog
  defdelegate on_hand(sku), to: Inventory
  defdelegate place_order(cart_id, customer), to: Checkout
  defdelegate daily_report(), to: Reports, as: :daily
end
