defmodule Shop.Reports do
  @moduledoc """
  Figures for the console. Plain functions, run by whoever wants to know.
  """

  alias Shop.{Fulfilment, Metrics, Payments, Sessions}

  @timeout 5_000

  @doc "All figures, asked for at the same time."
  def daily do
    [
      backlog: &Fulfilment.backlog/0,
      failures: &Payments.failures/0,
      visitors: &Sessions.count/0,
      gateway: fn -> Metrics.read(:stop) end
    ]
    |> Enum.map(fn {name, ask} -> Task.async(fn -> {name, ask.()} end) end)
    |> Task.await_many(@timeout)
    |> Map.new()
  end
end
