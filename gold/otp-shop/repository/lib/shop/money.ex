defmodule Shop.Money do
  @moduledoc """
  Amounts are integers of the smallest unit; the currency is the one of the order that is being worked on.
  """

  @key :shop_currency
  @signs %{"EUR" => "€", "GBP" => "£", "USD" => "$"}

  def put_currency(code) when is_map_key(@signs, code) do
    Process.put(@key, code)
    :ok
  end

  def currency do
    Process.get(@key, "USD")
  end

  @doc ~S(`"€12.05"` for 1205.)
  def format(cents) when is_integer(cents) do
    fraction = cents |> rem(100) |> abs() |> Integer.to_string() |> String.pad_leading(2, "0")
    "#{@signs[currency()]}#{div(cents, 100)}.#{fraction}"
  end
end
