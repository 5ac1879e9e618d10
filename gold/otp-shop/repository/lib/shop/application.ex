defmodule Shop.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    :ok = Shop.Shipping.attach()

    children = [
      Shop.Store,
      {Task.Supervisor, name: Shop.TaskSupervisor},
      Shop.EventRouter,
      Shop.Catalog,
      Shop.Inventory,
      Shop.StockMonitor,
      Shop.Payments,
      Shop.Notifications,
      Shop.Fulfilment,
      Shop.StorefrontSupervisor
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end
end
