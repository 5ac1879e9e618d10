defmodule Shop.SessionsTest do
  use ExUnit.Case

  alias Shop.Sessions

  test "a session ends with its process" do
    test = self()

    {pid, ref} =
      spawn_monitor(fn ->
        :ok = Sessions.register("ada")
        send(test, :registered)
        receive do: (:leave -> :ok)
      end)

    assert_receive :registered
    assert Sessions.active?("ada")
    send(pid, :leave)
    assert_receive {:DOWN, ^ref, :process, ^pid, :normal}
    assert eventually(fn -> not Sessions.active?("ada") end)
  end

  defp eventually(check, attempts \\ 50) do
    cond do
      check.() ->
        true

      attempts == 0 ->
        false

      true ->
        Process.sleep(10)
        eventually(check, attempts - 1)
    end
  end
end
