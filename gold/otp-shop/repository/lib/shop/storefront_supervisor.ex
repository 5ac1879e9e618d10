defmodule Shop.StorefrontSupervisor do
  @moduledoc """
  Everything that lives at the edge: carts, visits, limits, metrics. None of these keeps anything of another one; they meet
  only through registered names.
  """

  use Supervisor

  def start_link(opts) do
    Supervisor.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @impl true
  def init(_opts) do
    children = [
      {Registry, keys: :unique, name: Shop.CartRegistry},
      {DynamicSupervisor, name: Shop.CartSupervisor},
      Shop.Sessions,
      Shop.RateLimiter,
      Shop.Metrics
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end
end
