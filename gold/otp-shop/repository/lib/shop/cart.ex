defmodule Shop.Cart do
  @moduledoc """
  One process for each visit; ends by itself after half an hour without a request.
  """

  use GenServer, restart: :temporary

  @idle :timer.minutes(30)

  def open(cart_id) do
    case DynamicSupervisor.start_child(Shop.CartSupervisor, {__MODULE__, cart_id}) do
      {:ok, _pid} -> :ok
      {:error, {:already_started, _pid}} -> :ok
      {:error, reason} -> {:error, reason}
    end
  end

  def start_link(cart_id) do
    GenServer.start_link(__MODULE__, cart_id, name: via(cart_id))
  end

  def add(cart_id, sku, quantity) when is_integer(quantity) and quantity > 0 do
    GenServer.call(via(cart_id), {:add, sku, quantity})
  end

  @doc "`[{sku, quantity}]`, sorted by article."
  def lines(cart_id) do
    GenServer.call(via(cart_id), :lines)
  end

  @doc "Ends the cart and returns when its process has ended."
  def close(cart_id) do
    case Registry.lookup(Shop.CartRegistry, cart_id) do
      [] -> :ok
      [{pid, _}] -> stop_and_wait(pid)
    end
  end

  defp stop_and_wait(pid) do
    ref = Process.monitor(pid)
    GenServer.cast(pid, :close)

    receive do
      {:DOWN, ^ref, :process, ^pid, _reason} -> :ok
    after
      5_000 ->
        Process.demonitor(ref, [:flush])
        {:error, :timeout}
    end
  end

  defp via(cart_id) do
    {:via, Registry, {Shop.CartRegistry, cart_id}}
  end

  @impl true
  def init(cart_id) do
    {:ok, %{id: cart_id, lines: %{}}, @idle}
  end

  @impl true
  def handle_call({:add, sku, quantity}, _from, state) do
    lines = Map.update(state.lines, sku, quantity, &(&1 + quantity))
    {:reply, :ok, %{state | lines: lines}, @idle}
  end

  def handle_call(:lines, _from, state) do
    {:reply, Enum.sort(state.lines), state, @idle}
  end

  @impl true
  def handle_cast(:close, state) do
    {:stop, :normal, state}
  end

  @impl true
  def handle_info(:timeout, state) do
    {:stop, :normal, state}
  end

  def handle_info(_message, state) do
    {:noreply, state, @idle}
  end
end
