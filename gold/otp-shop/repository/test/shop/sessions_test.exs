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
    refute Sessions.active?("ada")
  end
end
