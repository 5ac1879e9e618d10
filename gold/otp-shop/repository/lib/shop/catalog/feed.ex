defmodule Shop.Catalog.Feed do
  @moduledoc """
  The supplier's price list: `sku;cents;grams`, one article a line, a `#` starts a comment line.
  """

  @timeout :timer.seconds(15)

  @spec download() :: {:ok, binary} | {:error, term}
  def download do
    url = Application.fetch_env!(:shop, :feed_url)

    case :httpc.request(:get, {String.to_charlist(url), []}, [timeout: @timeout],
           body_format: :binary
         ) do
      {:ok, {{_, 200, _}, _headers, body}} -> {:ok, body}
      {:ok, {{_, status, _}, _headers, _body}} -> {:error, {:status, status}}
      {:error, reason} -> {:error, reason}
    end
  end

  @spec parse(binary) :: %{binary => %{cents: integer, grams: integer}}
  def parse(body) do
    body
    |> String.split(["\r\n", "\n"], trim: true)
    |> Enum.reject(&String.starts_with?(&1, "#"))
    |> Map.new(&parse_line/1)
  rescue
    _ -> %{}
  end

  defp parse_line(line) do
    [sku, cents, grams] = String.split(line, ";")
    {sku, %{cents: String.to_integer(cents), grams: String.to_integer(grams)}}
  end
end
