defmodule Shop.Notifications do
  @moduledoc """
  Mails to customers and to the warehouse.
  """

  use GenServer

  alias Shop.{EventRouter, Money}

  @warehouse "warehouse@shop.example"

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @impl true
  def init(_opts) do
    Enum.each([:order_paid, :order_shipped, :low_stock], &EventRouter.subscribe/1)
    {:ok, %{}}
  end

  @impl true
  def handle_info({:shop_event, :order_paid, order}, state) do
    mail(order.email, "Thank you", fn ->
      "We received #{Money.format(order.cents)} for order #{order.id}."
    end)

    {:noreply, state}
  end

  def handle_info({:shop_event, :order_shipped, order}, state) do
    mail(order.email, "On its way", fn -> "Parcel #{order.tracking} left our warehouse." end)
    {:noreply, state}
  end

  def handle_info({:shop_event, :low_stock, articles}, state) do
    mail(@warehouse, "Low stock", fn ->
      Enum.map_join(articles, "\n", fn {sku, left} -> "#{sku}: #{left}" end)
    end)

    {:noreply, state}
  end

  def handle_info(_message, state) do
    {:noreply, state}
  end

  defp mail(to, subject, body) do
    spawn(fn -> deliver(to, subject, body.()) end)
  end

  defp deliver(to, subject, text) do
    url = Application.fetch_env!(:shop, :mail_url)
    form = URI.encode_query(to: to, subject: subject, text: text)
    request = {String.to_charlist(url), [], 'application/x-www-form-urlencoded', form}
    {:ok, {{_, 202, _}, _headers, _body}} = :httpc.request(:post, request, [timeout: 10_000], [])
  end
end
