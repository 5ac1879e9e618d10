defmodule Shop.MoneyTest do
  use ExUnit.Case, async: true

  alias Shop.Money

  test "formats with the sign of the currency" do
    :ok = Money.put_currency("EUR")
    assert Money.format(1205) == "€12.05"
    :ok = Money.put_currency("GBP")
    assert Money.format(7) == "£0.07"
  end
end
