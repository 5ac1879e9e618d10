defmodule Shop.Payments.Gateway do
  @moduledoc """
  The payment provider's HTTP interface. An order id is charged at most once, however often it is sent.
  """

  @timeout 6_000

  @spec charge(binary, pos_integer) :: {:ok, binary} | {:error, term}
  def charge(order_id, cents) do
    measured(fn -> post(URI.encode_query(order: order_id, cents: cents)) end)
  end

  defp post(body) do
    url = Application.fetch_env!(:shop, :gateway_url)
    request = {String.to_charlist(url), [], 'application/x-www-form-urlencoded', body}

    case :httpc.request(:post, request, [timeout: @timeout], body_format: :binary) do
      {:ok, {{_, 201, _}, _headers, receipt}} -> {:ok, receipt}
      {:ok, {{_, 402, _}, _headers, _body}} -> {:error, :declined}
      {:ok, {{_, status, _}, _headers, _body}} -> {:error, {:status, status}}
      {:error, reason} -> {:error, reason}
    end
  end

  defp measured(fun) do
    started = System.monotonic_time()

    try do
      result = fun.()
      emit(:stop, started)
      result
    rescue
      error ->
        emit(:exception, started)
        reraise error, __STACKTRACE__
    end
  end

  defp emit(name, started) do
    duration = System.monotonic_time() - started
    :telemetry.execute([:shop, :gateway, name], %{duration: duration}, %{})
  end
end
