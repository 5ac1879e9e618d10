defmodule Shop.Store do
  @moduledoc """
  Values that must survive a restart. Owns the DETS table; reading and writing goes straight to the table.
  """

  use GenServer

  @table :shop_store

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Written to disk before it returns."
  def put(key, value) do
    :ok = :dets.insert(@table, {key, value})
    :dets.sync(@table)
  end

  def delete(key) do
    :ok = :dets.delete(@table, key)
    :dets.sync(@table)
  end

  @doc "All `{id, value}` pairs that were put under `{kind, id}`."
  def all(kind) do
    for [id, value] <- :dets.match(@table, {{kind, :"$1"}, :"$2"}), do: {id, value}
  end

  @impl true
  def init(_opts) do
    Process.flag(:trap_exit, true)
    path = Application.fetch_env!(:shop, :store_path)
    File.mkdir_p!(Path.dirname(path))
    {:ok, @table} = :dets.open_file(@table, file: String.to_charlist(path), type: :set)
    {:ok, %{path: path}}
  end

  @impl true
  def handle_info(_message, state) do
    {:noreply, state}
  end

  @impl true
  def terminate(_reason, _state) do
    :dets.close(@table)
  end
end
