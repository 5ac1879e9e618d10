defmodule Shop.Checkout do
  @moduledoc """
  From a cart to a paid order. Runs in the process of the request.
  """

  require Logger

  alias Shop.{
    Cart,
    Catalog,
    EventRouter,
    Fulfilment,
    Inventory,
    Money,
    Payments,
    RateLimiter,
    Shipping
  }

  @doc """
  `customer` has `:id`, `:email`, `:country` and `:currency`. Answers with `{:ok, order}` or `{:error, reason}`; after an error
  no stock is held.
  """
  def place_order(cart_id, customer) do
    Money.put_currency(customer.currency)

    with :ok <- RateLimiter.check(customer.id),
         lines when lines != [] <- Cart.lines(cart_id),
         {:ok, goods, grams} <- price(lines),
         {:ok, shipping} <- Shipping.quote(customer.country, grams),
         {:ok, _taken} <- Inventory.reserve_all(lines) do
      pay(new_order(customer, lines, goods + shipping), cart_id)
    else
      [] -> {:error, :empty_cart}
      {:error, reason} -> {:error, reason}
    end
  end

  defp price(lines) do
    Enum.reduce_while(lines, {:ok, 0, 0}, fn {sku, quantity}, {:ok, cents, grams} ->
      case Catalog.price(sku) do
        {:ok, entry} ->
          {:cont, {:ok, cents + entry.cents * quantity, grams + entry.grams * quantity}}

        {:error, reason} ->
          {:halt, {:error, {reason, sku}}}
      end
    end)
  end

  defp new_order(customer, lines, cents) do
    %{
      id: Base.encode16(:crypto.strong_rand_bytes(8)),
      email: customer.email,
      country: customer.country,
      lines: lines,
      cents: cents
    }
  end

  defp pay(order, cart_id) do
    case Payments.charge(order.id, order.cents) do
      {:ok, receipt} ->
        paid = Map.put(order, :receipt, receipt)
        :ok = Fulfilment.enqueue(paid)
        EventRouter.publish(:order_paid, paid)
        Cart.close(cart_id)
        {:ok, paid}

      {:error, reason} ->
        Inventory.release_all(order.lines)
        {:error, reason}
    end
  rescue
    error ->
      Logger.error("payment of order #{order.id} failed: #{Exception.message(error)}")
      Inventory.release_all(order.lines)
      {:error, :payment_failed}
  end
end
