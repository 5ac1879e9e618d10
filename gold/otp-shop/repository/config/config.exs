import Config

config :shop,
  store_path: "var/shop.dets",
  feed_url: "http://supplier.internal/prices.csv",
  gateway_url: "http://payments.internal/charges",
  carrier_url: "http://carrier.internal/parcels",
  mail_url: "http://mail.internal/messages"

if config_env() == :test do
  config :logger, level: :error

  config :shop,
    store_path: Path.join(System.tmp_dir!(), "shop_test.dets"),
    feed_url: "http://127.0.0.1:9/prices.csv",
    gateway_url: "http://127.0.0.1:9/charges",
    carrier_url: "http://127.0.0.1:9/parcels",
    mail_url: "http://127.0.0.1:9/messages"
end
