import {elixir, module, server, type Example} from '../example.ts'

export const elixirExamples: Readonly<Record<string, Example>> = {
  'unsupervised-spawn': {
    hits: [
      {files: module('  def go(x) do\n    spawn(fn -> work(x) end)\n  end'), at: 'spawn(fn', severity: 'high'},
      {
        files: module('  def go, do: Process.spawn(fn -> :ok end, [:link])'),
        at: 'Process.spawn',
        says: /its crash takes its caller down too/,
      },
      {
        files: module(
          '  def go do\n    opts = [:monitor, priority: :low]\n    Process.spawn(fn -> :ok end, opts)\n  end',
        ),
        at: 'Process.spawn',
        says: /no clause of this module takes the :DOWN/,
      },
      {
        files: module('  def go(opts), do: :erlang.spawn_opt(fn -> :ok end, opts)'),
        at: 'spawn_opt',
        says: /options that are set elsewhere/,
      },
      {
        files: module('  def go, do: :erlang.spawn_opt(fn -> :ok end, [])'),
        at: 'spawn_opt',
        says: /reaches only who monitors it/,
      },
      {
        files: module('  def spawn(fun, owner), do: :erlang.spawn(fn -> fun.(owner) end)'),
        at: ':erlang.spawn',
      },
      {files: module('  def go(f), do: f |> spawn()'), at: 'spawn()'},
    ],
    silent: [
      {
        why: 'a helper takes its end',
        files: module(
          '  def go do\n    {_, ref} = spawn_monitor(fn -> :ok end)\n    wait(ref)\n  end\n  defp wait(ref) do\n    receive do\n      {:DOWN, ^ref, _, _, _} -> :ok\n    end\n  end',
        ),
      },
      {
        why: 'the function ends it',
        files: module(
          '  def go(fun) do\n    pid = spawn_link(fn -> watch() end)\n    result = fun.()\n    Process.exit(pid, :normal)\n    result\n  end',
        ),
      },
      {why: 'a test may', files: module('  def go, do: spawn(fn -> :ok end)', 'T', 'test/shop/t_test.exs')},
      {
        why: 'it is awaited in the same function',
        files: module(
          '  def go do\n    {pid, ref} = spawn_monitor(fn -> :ok end)\n    receive do\n      {:DOWN, ^ref, :process, ^pid, _} -> :ok\n    end\n  end',
        ),
      },
      {
        why: 'options that say monitor, and its end is taken',
        files: module(
          '  def go do\n    opts = [:link, :monitor]\n    {_, ref} = Process.spawn(fn -> :ok end, opts)\n    receive do\n      {:DOWN, ^ref, _, _, _} -> :ok\n    end\n  end',
        ),
      },
      {
        why: 'a wrapper of that name only delegates',
        files: module(
          '  def spawn(node, fun, opts), do: :erlang.spawn_opt(node, fun, opts)\n  def spawn_link(fun) do\n    :erlang.spawn_link(fun)\n  end',
        ),
      },
      {why: 'a start_link of its own', files: module('  def start_link(x), do: {:ok, spawn_link(fn -> loop(x) end)}')},
      {why: 'another function of that name', files: module('  def spawn(x), do: x\n  def go, do: spawn(1)')},
      {why: 'a specification calls nothing', files: module('  @spec spawn(pid) :: pid\n  def go, do: :ok')},
    ],
  },
  'unsupervised-task': {
    hits: [
      {files: module('  def go, do: Task.start(fn -> :ok end)'), at: 'Task.start', severity: 'medium'},
      {
        files: server(
          '  def handle_cast(:go, state) do\n    Task.async(fn -> work() end)\n    {:noreply, state}\n  end',
        ),
        at: 'Task.async',
        severity: 'high',
      },
      {
        files: server(
          '  def handle_cast(:go, state) do\n    begin()\n    {:noreply, state}\n  end\n  defp begin, do: Task.start(fn -> work() end)',
        ),
        at: 'Task.start',
        severity: 'high',
      },
    ],
    silent: [
      {
        why: 'a live view takes the result as a message',
        files: module(
          '  use ShopWeb, :live_view\n  def mount(_, _, socket) do\n    Task.async(fn -> load() end)\n    {:ok, socket}\n  end\n  def handle_info({ref, result}, socket) when is_reference(ref), do: {:noreply, keep(socket, result)}',
        ),
      },
      {
        why: 'async and await in one plain function is the idiom',
        files: module('  def go do\n    task = Task.async(fn -> :ok end)\n    Task.await(task)\n  end'),
      },
      {why: 'a child’s own start_link', files: module('  def start_link(x), do: Task.start_link(fn -> run(x) end)')},
      {why: 'Task is another module here', files: module('  alias Shop.Task\n  def go, do: Task.start(1)')},
      {
        why: 'the supervised form',
        files: module('  def go, do: Task.Supervisor.start_child(Shop.Tasks, fn -> :ok end)'),
      },
    ],
  },
  'task-result-without-clause': {
    hits: [
      {
        files: server(
          '  def handle_cast(:go, state) do\n    task = Task.Supervisor.async_nolink(Shop.Tasks, fn -> work() end)\n    {:noreply, %{state | task: task}}\n  end\n  def handle_info(:tick, state), do: {:noreply, state}',
        ),
        at: 'async_nolink',
        severity: 'high',
      },
      {
        files: server(
          '  def handle_call(:go, _from, state) do\n    task = Task.async(fn -> work() end)\n    {:reply, {:ok, task}, state}\n  end\n  def handle_info(_other, state), do: {:noreply, state}',
        ),
        at: 'Task.async',
        severity: 'high',
      },
    ],
    silent: [
      {
        why: 'the result has its clause',
        files: server(
          '  def handle_cast(:go, state) do\n    Task.Supervisor.async_nolink(Shop.Tasks, fn -> work() end)\n    {:noreply, state}\n  end\n  def handle_info({ref, result}, state) when is_reference(ref), do: {:noreply, keep(state, result)}',
        ),
      },
      {
        why: 'it is awaited',
        files: server(
          '  def handle_call(:go, _from, state) do\n    task = Task.async(fn -> work() end)\n    {:reply, Task.await(task), state}\n  end',
        ),
      },
    ],
  },
  'monitor-leak': {
    hits: [
      {
        files: server(
          '  def handle_call({:subscribe, pid}, _from, state) do\n    Process.monitor(pid)\n    {:reply, :ok, [pid | state]}\n  end\n  def handle_call({:unsubscribe, pid}, _from, state), do: {:reply, :ok, List.delete(state, pid)}\n  def handle_info({:DOWN, _, _, pid, _}, state), do: {:noreply, List.delete(state, pid)}',
        ),
        at: 'Process.monitor(pid)',
        severity: 'medium',
      },
    ],
    silent: [
      {
        why: 'what ends is something else',
        files: server(
          '  def handle_call({:monitor_clients, pid}, _from, state) do\n    Process.monitor(pid)\n    {:reply, :ok, [pid | state]}\n  end\n  def handle_cast({:unregister_clients, ids}, state), do: {:noreply, state -- ids}',
        ),
      },
      {
        why: 'a :DOWN clause without demonitor is no leak',
        files: server(
          '  def handle_call({:join, pid}, _from, state) do\n    Process.monitor(pid)\n    {:reply, :ok, [pid | state]}\n  end\n  def handle_info({:DOWN, _, _, pid, _}, state), do: {:noreply, List.delete(state, pid)}',
        ),
      },
      {
        why: 'it demonitors',
        files: server(
          '  def handle_call({:subscribe, pid}, _from, state) do\n    ref = Process.monitor(pid)\n    {:reply, :ok, Map.put(state, pid, ref)}\n  end\n  def handle_call({:unsubscribe, pid}, _from, state) do\n    Process.demonitor(state[pid], [:flush])\n    {:reply, :ok, Map.delete(state, pid)}\n  end',
        ),
      },
    ],
  },
  'deferred-reply-never-sent': {
    hits: [
      {
        files: server('  def handle_call(:go, from, state) do\n    {:noreply, %{state | client: from}}\n  end'),
        at: '{:noreply',
        severity: 'critical',
      },
      {files: server('  def handle_call(:go, _from, state), do: {:noreply, state}'), at: '{:noreply'},
    ],
    silent: [
      {
        why: 'the completion replies',
        files: server(
          '  def handle_call(:go, from, state), do: {:noreply, Map.put(state, :client, from)}\n  def handle_info(:done, state) do\n    GenServer.reply(state.client, :ok)\n    {:noreply, state}\n  end',
        ),
      },
      {
        why: 'another module gets from and may reply',
        files: server(
          '  def handle_call(:go, from, state) do\n    Shop.Worker.run(from)\n    {:noreply, state}\n  end',
        ),
      },
      {why: 'a cast has nobody to answer', files: server('  def handle_cast(:go, state), do: {:noreply, state}')},
    ],
  },
  'genserver-self-call': {
    hits: [
      {
        files: server(
          '  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n  def count, do: GenServer.call(__MODULE__, :count)\n  def handle_info(:tick, state) do\n    report(count())\n    {:noreply, state}\n  end',
        ),
        at: 'report(count())',
        severity: 'critical',
      },
      {
        files: server(
          '  def handle_cast(:go, state) do\n    clean(state)\n    {:noreply, state}\n  end\n  defp clean(_state), do: GenServer.call(self(), :config)',
        ),
        at: 'GenServer.call(self()',
        severity: 'critical',
      },
    ],
    silent: [
      {
        why: 'a task is another process',
        files: server(
          '  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n  def count, do: GenServer.call(__MODULE__, :count)\n  def handle_info(:tick, state) do\n    Task.Supervisor.start_child(Shop.Tasks, fn -> report(count()) end)\n    {:noreply, state}\n  end',
        ),
      },
      {
        why: 'clients call it',
        files: server(
          '  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n  def count, do: GenServer.call(__MODULE__, :count)\n  def handle_call(:count, _from, state), do: {:reply, state, state}',
        ),
      },
      {
        why: 'it is not registered by that name',
        files: server(
          '  def handle_info(:tick, state) do\n    GenServer.call(__MODULE__, :x)\n    {:noreply, state}\n  end',
        ),
      },
    ],
  },
  'rescue-cannot-catch-exit': {
    hits: [
      {
        files: module(
          '  def get(pid) do\n    GenServer.call(pid, :get)\n  rescue\n    error -> {:error, error}\n  end',
        ),
        at: 'GenServer.call',
        severity: 'high',
      },
      {
        files: module(
          '  def get(task) do\n    try do\n      Task.await(task)\n    rescue\n      _ -> nil\n    end\n  end',
        ),
        at: 'Task.await',
      },
    ],
    silent: [
      {
        why: 'exits are caught too',
        files: module(
          '  def get(pid) do\n    GenServer.call(pid, :get)\n  rescue\n    error -> {:error, error}\n  catch\n    :exit, reason -> {:error, reason}\n  end',
        ),
      },
      {
        why: 'it names the exception it means',
        files: module('  def get(pid) do\n    GenServer.call(pid, :get)\n  rescue\n    ArgumentError -> nil\n  end'),
      },
      {
        why: 'nothing in it exits',
        files: module('  def get(x) do\n    parse(x)\n  rescue\n    error -> {:error, error}\n  end'),
      },
    ],
  },
  'broad-rescue': {
    hits: [
      {
        files: module('  def get(x) do\n    parse(x)\n  rescue\n    _ -> nil\n  end'),
        at: '_ -> nil',
        severity: 'medium',
      },
      {
        files: module(
          '  def get(x) do\n    parse(x)\n  rescue\n    e ->\n      Logger.error(inspect(e))\n      :ok\n  end',
        ),
        at: 'e ->',
        severity: 'low',
      },
      {
        files: module('  def get(x) do\n    List.to_integer(x)\n  rescue\n    _ -> nil\n  end'),
        at: '_ -> nil',
        severity: 'low',
        says: /fails with ArgumentError: name that/,
      },
      {
        files: module('  def get(x) do\n    :erlang.binary_to_term(load(x))\n  rescue\n    _ -> :error\n  end'),
        at: '_ -> :error',
        severity: 'medium',
      },
      {
        files: module('  def get(x) do\n    String.to_integer(x) + 1\n  rescue\n    _ -> :error\n  end'),
        at: '_ -> :error',
        severity: 'medium',
      },
      {
        files: module(
          '  def get(c) do\n    parse(c)\n  rescue\n    _ -> bad!(c)\n  end\n  defp bad!(nil), do: nil\n  defp bad!(c), do: raise(ArgumentError, c)',
        ),
        at: '_ -> bad!(c)',
      },
      {
        files: module(
          '  def get(c) do\n    parse(c)\n  rescue\n    _ -> bad!(c)\n  end\n  defp bad!(c) do\n    if c > 1, do: raise("no")\n  end',
        ),
        at: '_ -> bad!(c)',
      },
      {
        files: module(
          '  def get(c) do\n    parse(c)\n  rescue\n    _ -> bad!(c)\n  end\n  defp bad!(c) do\n    raise "no"\n  rescue\n    e in RuntimeError -> log(c, e)\n  end',
        ),
        at: '_ -> bad!(c)',
      },
      {
        files: module(
          '  def get(c) do\n    parse(c)\n  rescue\n    _ -> bad!(c)\n  end\n  defp bad!(c), do: worse!(c)\n  defp worse!(c), do: bad!(c)',
        ),
        at: '_ -> bad!(c)',
      },
      {
        files: module(
          '  def get(c) do\n    parse(c)\n  rescue\n    _ -> bad!(c)\n  end\n  defp bad!(c, why), do: raise(ArgumentError, {c, why})',
        ),
        at: '_ -> bad!(c)',
      },
      {
        files: module('  def get(c) do\n    parse(c)\n  rescue\n    _ -> Shop.Error.bad!(c)\n  end\n'),
        at: '_ -> Shop.Error',
      },
      {
        files: module(
          '  def get(module, c) do\n    key = module.key(c)\n    try do\n      parse(key)\n    rescue\n      _ -> nil\n    end\n  end',
        ),
        at: '_ -> nil',
      },
    ],
    silent: [
      {
        why: 'telemetry detaches a handler that raises',
        files: module(
          '  def handle_span(_event, measurements, _meta, _config) do\n    export(measurements)\n  rescue\n    e -> Logger.debug(inspect(e))\n  end',
        ),
      },
      {
        why: 'it raises again',
        files: module('  def get(x) do\n    parse(x)\n  rescue\n    e -> reraise e, __STACKTRACE__\n  end'),
      },
      {
        why: 'a function of the module raises in its place',
        files: module(
          '  def get(c) do\n    parse(c)\n  rescue\n    _ -> bad!(c)\n  end\n  defp bad!(nil), do: exit(:none)\n  defp bad!(c) when is_atom(c), do: throw(c)\n  defp bad!(c) do\n    note(c)\n    raise ArgumentError, "bad #{c}"\n  end',
        ),
      },
      {
        why: 'each branch of that function raises, or a function it calls does',
        files: module(
          '  def get(c) do\n    parse(c)\n  rescue\n    _ ->\n      note(c)\n      c |> bad!()\n  end\n  defp bad!(c) do\n    if c > 1, do: worse!(c), else: :erlang.error(c)\n  end\n  defp worse!(c), do: raise(ArgumentError, c)',
        ),
      },
      {
        why: 'the cause is returned',
        files: module('  def get(x) do\n    parse(x)\n  rescue\n    e -> {:error, e}\n  end'),
      },
      {
        why: 'one call that fails in one way, told as an error',
        files: module(
          '  def get(x) do\n    :erlang.binary_to_term(x)\n  rescue\n    _ -> {:error, :invalid}\n  end\n  def find(x) do\n    try do\n      {:ok, :ets.lookup_element(@table, x, 2)}\n    rescue\n      _ -> :error\n    end\n  end\n  def name(x) do\n    x |> String.to_existing_atom()\n  rescue\n    _ -> :error\n  end',
        ),
      },
      {
        why: 'it is typed, with a name',
        files: module('  def get(x) do\n    parse(x)\n  rescue\n    _ in [ArgumentError, KeyError] -> nil\n  end'),
      },
      {why: 'it is typed', files: module('  def get(x) do\n    parse(x)\n  rescue\n    ArgumentError -> nil\n  end')},
      {
        why: 'it is a barrier around foreign code',
        files: module('  def get(fun) do\n    fun.()\n  rescue\n    _ -> nil\n  end'),
      },
    ],
  },
  'broad-catch': {
    hits: [
      {
        files: module('  def get(x) do\n    parse(x)\n  catch\n    _, _ -> nil\n  end'),
        at: '_, _ -> nil',
        severity: 'medium',
        says: /^(?!.*shuts the process down).*only exit signals from other processes pass it by/,
      },
      {
        files: module('  def get(c) do\n    Shop.Store.read(c)\n  catch\n    _, _ -> nil\n  end'),
        at: '_, _ -> nil',
      },
      {
        files: module('  def get(c) do\n    @store.read(c)\n  catch\n    _, _ -> nil\n  end'),
        at: '_, _ -> nil',
      },
      {
        files: module('  def get(c) do\n    parse(c.name)\n  catch\n    _, _ -> c.module.default(c)\n  end'),
        at: '_, _ -> c.module',
      },
    ],
    silent: [
      {
        why: 'the reason goes into the result',
        files: module(
          '  def get(x) do\n    parse(x)\n  catch\n    kind, reason ->\n      result = {:error, kind, reason}\n      {result, []}\n  end',
        ),
      },
      {why: 'a throw only', files: module('  def get(x) do\n    parse(x)\n  catch\n    value -> value\n  end')},
      {
        why: 'the reason is expected',
        files: module('  def get(x) do\n    parse(x)\n  catch\n    :exit, {:noproc, _} -> nil\n  end'),
      },
      {
        why: 'the module that is called is a variable',
        files: module('  def get(module, x) do\n    module.read(x)\n  catch\n    _, _ -> nil\n  end'),
      },
      {
        why: 'the module that is called stands in the state',
        files: module('  def get(state, x) do\n    state.module.read(x)\n  catch\n    _, _ -> nil\n  end'),
      },
      {
        why: 'a function of the module exits in its place',
        files: module(
          '  def get(x) do\n    parse(x)\n  catch\n    _, _ -> stop!(x)\n  end\n  defp stop!(x), do: exit({:failed, x})',
        ),
      },
      {
        why: 'the reason is kept',
        files: module('  def get(x) do\n    parse(x)\n  catch\n    kind, reason -> {:error, {kind, reason}}\n  end'),
      },
    ],
  },
  'interpolate-opaque-term': {
    hits: [
      {
        files: module('  def go do\n    ref = make_ref()\n    log("started #{ref}")\n  end'),
        at: '#{ref}',
        severity: 'high',
      },
      {files: module('  def go, do: log("i am #{self()}")'), at: '#{self()}'},
      {files: module('  def go(pid) when is_pid(pid), do: log("got #{pid}")'), at: '#{pid}'},
    ],
    silent: [
      {why: 'inspected', files: module('  def go do\n    ref = make_ref()\n    log("started #{inspect(ref)}")\n  end')},
      {why: 'a git reference', files: module('  def go(ref), do: log("checkout #{ref}")')},
      {
        why: 'the closure has a parameter of that name',
        files: module(
          '  def go(list) do\n    ref = make_ref()\n    use(ref, Enum.map(list, fn ref -> "#{ref}" end))\n  end',
        ),
      },
    ],
  },
  'unreachable-clause': {
    hits: [
      {
        files: module('  def go(x) do\n    case x do\n      %{} -> :map\n      %Cart{id: id} -> id\n    end\n  end'),
        at: '%Cart{id: id} -> id',
        severity: 'high',
      },
      {files: module('  def go({:error, _}), do: 1\n  def go({:error, :gone}), do: 2'), at: 'def go({:error, :gone})'},
    ],
    silent: [
      {
        why: 'cond holds conditions',
        files: module('  def go(x, y) do\n    cond do\n      x -> 1\n      y -> 2\n    end\n  end'),
      },
      {why: 'the earlier one is guarded', files: module('  def go(x) when x > 1, do: 1\n  def go(1), do: 2')},
      {why: 'the same variable twice means equal', files: module('  def go({x, x}), do: 1\n  def go({1, 2}), do: 2')},
      {why: 'pinned', files: module('  def go(x, y) do\n    case y do\n      ^x -> 1\n      1 -> 2\n    end\n  end')},
      {why: 'another key', files: module('  def go(%{a: 1}), do: 1\n  def go(%{b: 1}), do: 2')},
    ],
  },
  'process-dictionary': {
    hits: [
      {
        files: module('  def put(x), do: Process.put(:cart, x)\n  def get, do: Process.get(:cart)'),
        at: 'Process.put',
        severity: 'medium',
        says: /keeps `:cart`.*\(2 places\)/,
        places: 2,
      },
      {
        files: [
          ...module('  def get, do: Process.get(Shop.Writer)', 'Shop.Reader', 'lib/shop/reader.ex'),
          ...module('  def put(x), do: Process.put(__MODULE__, x)', 'Shop.Writer', 'lib/shop/writer.ex'),
        ],
        at: 'Process.get',
        says: /^(?!.*Shop\.Reader keeps).*where Shop\.Writer puts it/,
      },
      {
        files: module('  def get, do: Process.get(:cart)'),
        at: 'Process.get',
        says: /^(?!.*keeps).*where other code puts it/,
      },
    ],
    silent: [
      {why: 'OTP’s own key', files: module('  def get, do: Process.get(:"$callers")')},
      {why: 'trace context belongs to the process', files: module('  def put(x), do: Process.put(:trace_context, x)')},
      {why: 'all of it, for debugging', files: module('  def all, do: Process.get()')},
    ],
  },
  'map-update-unknown-key': {
    hits: [
      {
        files: server(
          '  def init(_), do: {:ok, %{items: []}}\n  def handle_cast(:go, state), do: {:noreply, %{state | task: 1}}',
        ),
        at: '| task: 1',
        severity: 'critical',
      },
      {
        files: server(
          '  defstruct [:items]\n  def init(_) do\n    state = %__MODULE__{items: []}\n    {:ok, state}\n  end\n  def handle_cast(:go, state), do: {:noreply, %{state | task: 1}}',
        ),
        at: '| task: 1',
      },
    ],
    silent: [
      {
        why: 'known',
        files: server(
          '  def init(_), do: {:ok, %{items: []}}\n  def handle_cast(:go, state), do: {:noreply, %{state | items: 1}}',
        ),
      },
      {
        why: 'the caller makes the state',
        files: server(
          '  def init(state), do: {:ok, state}\n  def handle_cast(:go, state), do: {:noreply, %{state | task: 1}}',
        ),
      },
      {
        why: 'put before',
        files: server(
          '  def init(_), do: {:ok, %{items: []}}\n  def handle_cast(:a, state), do: {:noreply, Map.put(state, :task, 1)}\n  def handle_cast(:b, state), do: {:noreply, %{state | task: 2}}',
        ),
      },
    ],
  },
  'infinite-timeout': {
    hits: [
      {files: module('  def get(pid), do: GenServer.call(pid, :get, :infinity)'), at: ':infinity', severity: 'medium'},
      {files: module('  def get(tasks), do: Task.await_many(tasks, :infinity)'), at: ':infinity'},
    ],
    silent: [
      {why: 'bounded', files: module('  def get(pid), do: GenServer.call(pid, :get, 10_000)')},
      {why: 'a message of that name', files: module('  def get(pid), do: GenServer.call(pid, {:wait, :infinity})')},
      {why: 'how long a supervisor waits', files: module('  def spec, do: %{id: 1, shutdown: :infinity}')},
    ],
  },
  'telemetry-control-flow': {
    hits: [
      {
        files: module(
          '  def watch(pid) do\n    :telemetry.attach("cart", [:cart, :done], &handle/4, pid)\n  end\n  def handle(_e, _m, meta, pid), do: GenServer.cast(pid, {:done, meta})',
        ),
        at: ':telemetry.attach',
        severity: 'high',
      },
      {
        files: module(
          '  def wait do\n    me = self()\n    :telemetry.attach("w", [:x], fn _, _, _, _ -> send(me, :x) end, nil)\n    receive do\n      :x -> :ok\n    end\n  end',
        ),
        at: ':telemetry.attach',
      },
    ],
    silent: [
      {
        why: 'it counts',
        files: module(
          '  def watch, do: :telemetry.attach("cart", [:cart], &handle/4, nil)\n  def handle(_e, m, _meta, _), do: :counters.add(m.ref, 1, 1)',
        ),
      },
      {
        why: 'a collector of metrics',
        files: module(
          '  def watch(pid), do: :telemetry.attach("m", [:x], &handle/4, pid)\n  def handle(_e, m, _meta, pid), do: send(pid, {:metric, m})',
          'Shop.Metrics',
        ),
      },
    ],
  },
  'environment-branch': {
    hits: [
      {files: module('  def go, do: if(Mix.env() == :test, do: 1, else: 2)'), at: 'Mix.env()', severity: 'medium'},
      {files: module('  @url Application.get_env(:shop, :url)\n  def url, do: @url'), at: '@url Application.get_env'},
    ],
    silent: [
      {why: 'an accessor decides nothing', files: module('  def env, do: Application.get_env(:shop, :env)')},
      {why: 'made for compile time', files: module('  @url Application.compile_env(:shop, :url)\n  def url, do: @url')},
      {
        why: 'a mix task has Mix',
        files: module('  def run(_), do: Mix.env()', 'Mix.Tasks.Shop', 'lib/mix/tasks/shop.ex'),
      },
      {why: 'read at run time', files: module('  def url, do: Application.get_env(:shop, :url)')},
    ],
  },
  'sleep-as-synchronisation': {
    hits: [
      {
        files: module('  def begin(x) do\n    start(x)\n    Process.sleep(100)\n    use(x)\n  end'),
        at: 'Process.sleep(100)',
        severity: 'medium',
      },
    ],
    silent: [
      {
        why: 'the caller asked for a delay',
        files: module('  def slow(delay) do\n    Process.sleep(delay)\n    :ok\n  end'),
      },
      {why: 'for ever, by design', files: module('  def begin do\n    Process.sleep(:infinity)\n    :ok\n  end')},
      {why: 'it polls', files: module('  def check(n) do\n    Process.sleep(10)\n    check(n - 1)\n  end')},
      {why: 'waiting is its name', files: module('  def wait_until(f) do\n    Process.sleep(10)\n    f\n  end')},
    ],
  },
  'supervisor-child-drift': {
    hits: [
      {
        files: [
          ...['A', 'B', 'C', 'D'].flatMap((name) => server('', `Shop.${name}`, `lib/${name}.ex`)),
          ...module(
            '  use Application\n  def start(_, _) do\n    children = [Shop.A, Shop.B, Shop.C, Shop.D]\n    Supervisor.start_link(children, strategy: :one_for_one)\n  end',
            'Shop.Application',
            'lib/application.ex',
          ),
          ...module(
            '  use Supervisor\n  def init(_), do: Supervisor.init([Shop.A, Shop.B, {Shop.C, []}, Shop.Extra], strategy: :one_for_one)\n  defmodule Extra do\n    use GenServer\n  end',
            'Shop',
            'lib/other.ex',
          ),
        ],
        at: 'Supervisor.init([Shop.A',
        severity: 'high',
      },
      {
        files: [
          ...server(
            '  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n  def add(x), do: GenServer.call(__MODULE__, {:add, x})\n  def handle_call({:add, x}, _, s), do: {:reply, :ok, [x | s]}',
          ),
          ...module('  def go, do: Shop.Cart.add(1)'),
          ...module(
            '  use Application\n  def start(_, _), do: Supervisor.start_link([], strategy: :one_for_one)',
            'Shop.App',
            'lib/app.ex',
          ),
        ],
        at: 'defmodule Shop.Cart do',
      },
    ],
    silent: [
      {
        why: 'the same children twice have not drifted',
        files: [
          ...['A', 'B', 'C'].flatMap((name) => server('', `Shop.${name}`, `lib/${name}.ex`)),
          ...module(
            '  use Supervisor\n  def init(_), do: Supervisor.init([Shop.A, Shop.B, Shop.C], [])',
            'Shop.One',
            'lib/one.ex',
          ),
          ...module(
            '  use Supervisor\n  def init(_), do: Supervisor.init([Shop.A, Shop.B, Shop.C], [])',
            'Shop.Two',
            'lib/two.ex',
          ),
        ],
      },
      {
        why: 'it is a child',
        files: [
          ...server(
            '  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n  def add(x), do: GenServer.call(__MODULE__, {:add, x})',
          ),
          ...module('  def go, do: Shop.Cart.add(1)'),
          ...module(
            '  use Application\n  alias Shop.Cart\n  def start(_, _), do: Supervisor.start_link([Cart], strategy: :one_for_one)',
            'Shop.App',
            'lib/app.ex',
          ),
        ],
      },
      {
        why: 'two different trees',
        files: [
          ...['A', 'B', 'C', 'D', 'E', 'F'].flatMap((name) => server('', `Shop.${name}`, `lib/${name}.ex`)),
          ...module(
            '  use Supervisor\n  def init(_), do: Supervisor.init([Shop.A, Shop.B, Shop.C], [])',
            'Shop.One',
            'lib/one.ex',
          ),
          ...module(
            '  use Supervisor\n  def init(_), do: Supervisor.init([Shop.D, Shop.E, Shop.F], [])',
            'Shop.Two',
            'lib/two.ex',
          ),
        ],
      },
    ],
  },
  'missing-handle-info-catchall': {
    hits: [
      {
        files: server('  def handle_info(:tick, state), do: {:noreply, state}'),
        at: 'def handle_info(:tick',
        severity: 'low',
      },
    ],
    silent: [
      {
        why: 'a last clause',
        files: server(
          '  def handle_info(:tick, state), do: {:noreply, state}\n  def handle_info(_, state), do: {:noreply, state}',
        ),
      },
      {why: 'the default logs', files: server('  def handle_cast(:x, state), do: {:noreply, state}')},
      {
        why: 'a macro may add one',
        files: server('  use Shop.Catchall\n  def handle_info(:tick, state), do: {:noreply, state}'),
      },
    ],
  },
  'message-without-handler': {
    hits: [
      {
        files: server(
          '  def add(x), do: GenServer.call(__MODULE__, {:add, x})\n  def handle_call({:add, x, _n}, _from, s), do: {:reply, x, s}',
        ),
        at: 'GenServer.call(__MODULE__, {:add, x})',
        severity: 'high',
      },
      {
        files: server(
          '  def init(_) do\n    Process.send_after(self(), :tik, 10)\n    {:ok, 1}\n  end\n  def handle_info(:tick, s), do: {:noreply, s}',
        ),
        at: ':tik',
      },
    ],
    silent: [
      {
        why: 'handled',
        files: server(
          '  def add(x), do: GenServer.call(__MODULE__, {:add, x})\n  def handle_call({:add, x}, _from, s), do: {:reply, x, s}',
        ),
      },
      {
        why: 'a clause takes anything',
        files: server(
          '  def add(x), do: GenServer.call(__MODULE__, {:add, x})\n  def handle_call(message, _from, s), do: {:reply, message, s}',
        ),
      },
      {
        why: 'handlers come from a macro',
        files: server('  use Shop.Handlers\n  def add(x), do: GenServer.call(__MODULE__, {:add, x})'),
      },
    ],
  },
  'dynamic-atom': {
    hits: [
      {files: module('  def go(params), do: String.to_atom(params["sort"])'), at: 'String.to_atom', severity: 'medium'},
      {
        files: module('  def go, do: open(:"cart_#{System.unique_integer()}")'),
        at: 'System.unique_integer()',
        severity: 'high',
      },
      {files: module('  def go(body), do: Jason.decode!(body, keys: :atoms)'), at: 'Jason.decode!'},
    ],
    silent: [
      {
        why: 'it was an atom before',
        files: module(
          '  def go(key) when is_atom(key), do: key |> Atom.to_string() |> String.upcase() |> String.to_atom()',
        ),
      },
      {why: 'existing atoms only', files: module('  def go(params), do: String.to_existing_atom(params["sort"])')},
      {why: 'one name for each instance', files: module('  def start_link(name), do: String.to_atom(name)')},
      {
        why: 'made when compiled',
        files: module('  for key <- ~w(a b) do\n    def unquote(String.to_atom(key))(), do: 1\n  end'),
      },
    ],
  },
  'raw-send': {
    hits: [
      {
        files: module('  def stop(state), do: send(state.worker_pid, {:cancel, 1})'),
        at: 'send(state.worker_pid',
        severity: 'medium',
        says: /^(?!.*handle_info).*shape of the message by convention only/,
      },
    ],
    silent: [
      {
        why: 'to those who subscribed',
        files: module('  def tell(state) do\n    for pid <- state.subscribers, do: send(pid, {:joined, 1})\n  end'),
      },
      {why: 'to itself', files: module('  def go, do: send(self(), :tick)')},
      {why: 'an answer', files: module('  def go(from), do: send(from, {:answer, 1})')},
      {why: 'half of a protocol', files: module('  def go(pid, ref), do: send(pid, {:ack, ref})')},
    ],
  },
  'blocking-in-callback': {
    hits: [
      {
        files: server('  def handle_call(:get, _from, s) do\n    Process.sleep(500)\n    {:reply, s, s}\n  end'),
        at: 'Process.sleep(500)',
        severity: 'high',
      },
      {files: server('  def handle_call({:run, fun}, _from, s), do: {:reply, fun.(), s}'), at: 'fun.()'},
      {
        files: server('  def handle_cast(:x, s), do: {:noreply, fetch(s)}\n  defp fetch(s), do: Req.get!(s.url)'),
        at: 'Req.get!',
      },
      {
        files: server(
          '  def handle_cast({:x, pid}, s) do\n    ref = Process.monitor(pid)\n    receive do\n      {:DOWN, ^ref, :process, ^pid, _} -> :ok\n    end\n    {:noreply, s}\n  end',
        ),
        at: 'receive do',
      },
      {
        files: server(
          '  def handle_cast({:x, pid, other}, s) do\n    ref = Process.monitor(pid)\n    receive do\n      {:EXIT, ^other, _} ->\n        receive do {:DOWN, ^ref, :process, ^pid, _} -> :ok end\n    after\n      0 -> :ok\n    end\n    {:noreply, s}\n  end',
        ),
        at: 'receive do {:DOWN',
      },
      {
        files: server(
          '  def handle_cast({:x, pid, ref}, s) do\n    receive do\n      {:EXIT, ^pid, _} ->\n        receive do {:DOWN, ^ref, :process, ^pid, _} -> :ok end\n    end\n    {:noreply, s}\n  end',
        ),
        at: 'receive do {:DOWN',
      },
    ],
    silent: [
      {
        why: 'a cancelled timer has already sent its message',
        files: server(
          '  def handle_cast(:x, s) do\n    if Process.cancel_timer(s.timer) == false do\n      receive do\n        :tick -> :ok\n      end\n    end\n    {:noreply, s}\n  end',
        ),
      },
      {
        why: 'a process that has exited is down already',
        files: server(
          '  def handle_cast({:x, pid}, s), do: {:noreply, look(pid, s)}\n  defp look(pid, s) do\n    ref = Process.monitor(pid)\n    receive do\n      {:EXIT, ^pid, reason} ->\n        receive do\n          {:DOWN, ^ref, :process, ^pid, _} -> {:error, reason}\n        end\n    after\n      0 -> s\n    end\n  end',
        ),
      },
      {
        why: 'in a task',
        files: server(
          '  def handle_cast(:x, s) do\n    Task.Supervisor.start_child(T, fn -> Process.sleep(500) end)\n    {:noreply, s}\n  end',
        ),
      },
      {
        why: 'in the caller',
        files: server('  def get(pid) do\n    Process.sleep(5)\n    GenServer.call(pid, :get)\n  end'),
      },
      {
        why: 'emptying the mailbox waits for nothing',
        files: server(
          '  def handle_cast(:x, s) do\n    receive do\n      :tick -> :ok\n    after\n      0 -> :ok\n    end\n    {:noreply, s}\n  end',
        ),
      },
    ],
  },
  'ets-check-then-act': {
    hits: [
      {
        files: module(
          '  def hit(key) do\n    case :ets.lookup(:hits, key) do\n      [] -> :ets.insert(:hits, {key, 1})\n      [{_, n}] -> :ets.insert(:hits, {key, n + 1})\n    end\n  end',
        ),
        at: ':ets.lookup',
        severity: 'medium',
      },
      {
        files: module(
          '  def hit(key, n) do\n    case :ets.lookup(:hits, key) do\n      [] -> :ets.insert(:hits, {key, self(), 1})\n      [{_, pid, _}] when pid == self() -> :ets.insert(:hits, {key, pid, n})\n    end\n  end',
        ),
        at: ':ets.lookup',
      },
      {
        files: module(
          '  def hit(key, n) do\n    case :ets.lookup(:hits, key) do\n      [{_, pid, _}] when pid == self() or n > 1 -> :ets.insert(:hits, {key, pid, n})\n      _ -> :ok\n    end\n  end',
        ),
        at: ':ets.lookup',
      },
      {
        files: module(
          '  def hit(key, n) do\n    case :ets.lookup(:hits, key) do\n      [{_, pid, _}] when pid != self() -> :ets.insert(:hits, {key, self(), n})\n      _ -> :ok\n    end\n  end',
        ),
        at: ':ets.lookup',
      },
      {
        files: module(
          '  def hit(key, n) do\n    case :ets.lookup(:hits, key) do\n      [_] when n == self() -> :ets.insert(:hits, {key, n, 1})\n      _ -> :ok\n    end\n  end',
        ),
        at: ':ets.lookup',
      },
      {
        files: module(
          '  def hit(key, n) do\n    case :ets.lookup(:hits, key) do\n      [{_, ^n}] -> :ets.insert(:hits, {key, n + 1})\n      _ -> :ok\n    end\n  end',
        ),
        at: ':ets.lookup',
      },
      {
        files: module(
          '  def hit(key, n) do\n    case n do\n      pid when pid == self() -> if :ets.member(:hits, key), do: :ets.insert(:hits, {key, 1})\n      _ -> :ok\n    end\n  end',
        ),
        at: ':ets.member',
      },
    ],
    silent: [
      {
        why: 'one server writes',
        files: server(
          '  def handle_call({:hit, key}, _from, s) do\n    case :ets.lookup(:hits, key) do\n      [] -> :ets.insert(:hits, {key, 1})\n      _ -> :ok\n    end\n    {:reply, :ok, s}\n  end',
        ),
      },
      {
        why: 'the row belongs to the process that writes it',
        files: module(
          '  def hit(key, n) do\n    case :ets.lookup(:hits, key) do\n      [{_, pid, old}] when (pid == self()) and old < n -> :ets.insert(:hits, {key, pid, n})\n      [{_, pid, _}] when self() === pid -> :ets.insert(:hits, {key, pid, 0})\n      _ -> :ok\n    end\n  end',
        ),
      },
      {
        why: 'the pattern pins the process that writes',
        files: module(
          '  def hit(key, n) do\n    me = self()\n    case :ets.lookup(:hits, key) do\n      [{_, ^me, _}] -> :ets.insert(:hits, {key, me, n})\n      _ -> :ok\n    end\n  end',
        ),
      },
      {
        why: 'the else of a try asks for the owner',
        files: module(
          '  def hit(key, n) do\n    if n > 1 do\n      try do\n        :ets.lookup_element(:hits, key, 2)\n      catch\n        :error, :badarg -> :error\n      else\n        pid when pid == self() -> :ets.insert(:hits, {key, pid, n})\n        _ -> :error\n      end\n    end\n  end',
        ),
      },
      {
        why: 'the arrow of a with asks for the owner',
        files: module(
          '  def hit(key, n) do\n    with [{_, pid, _}] when pid == self() <- :ets.lookup(:hits, key) do\n      :ets.insert(:hits, {key, pid, n})\n    end\n  end',
        ),
      },
      {
        why: 'insert_new decides by itself',
        files: module(
          '  def hit(key) do\n    case :ets.lookup(:hits, key) do\n      [] -> if :ets.insert_new(:hits, {key, 1}), do: :ok, else: :ets.insert(:hits, {key, 2})\n      _ -> :ok\n    end\n  end',
        ),
      },
      {why: 'it only reads', files: elixir('defmodule A do\n  def hit(key), do: :ets.lookup(:hits, key)\nend\n')},
    ],
  },
}
