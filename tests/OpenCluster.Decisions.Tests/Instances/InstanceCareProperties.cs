using OpenCluster.Decisions.Instances;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Instances;

/// <summary>What must hold whatever happens, in whatever order: thousands of random lives, each from a seed that is named when it fails.</summary>
public sealed class InstanceCareProperties
{
    [Fact]
    public void Care_never_doubles_a_process_never_starts_after_a_stop_and_a_stop_always_ends()
    {
        for (var seed = 1; seed <= 3000; seed++)
            try { new World(seed).Live(); }
            catch (Exception broken) when (broken is not OperationCanceledException)
            {
                Assert.Fail($"seed {seed}: {broken.Message}");
            }
    }

    /// <summary>A small world around one instance: processes that live, hang, die and ignore SIGTERM; an agent that crashes between persist and effect.</summary>
    private sealed class World(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly HashSet<int> _alive = [];
        private readonly List<DateTimeOffset> _starts = [];
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private InstanceState _state = null!;
        private InstanceState _disk = null!;
        private int _lastRun;

        public void Live()
        {
            _state = _disk = InstanceCare.New("x-1", Bench.Web with
            {
                Fetches = _random.Next(2) == 0,
                HandsOver = _random.Next(3) == 0,
                Once = _random.Next(8) == 0,
                Check = _random.Next(4) == 0 ? null : Bench.Web.Check,
            }, _now);
            Tell(new CareEvent.Ordered(Wanted.Run));
            for (var step = 0; step < 200; step++) Step();

            Tell(new CareEvent.Ordered(_random.Next(2) == 0 ? Wanted.Stop : Wanted.Drain));
            var runs = _state.Run;
            var limit = _now.AddMinutes(2);
            while (!_state.AtRest)
            {
                Require(_now < limit, $"it has not stopped after two minutes, but is {_state.Phase}");
                Require(_state.Wake is not null || _alive.Count > 0, $"nothing will wake it, in {_state.Phase}");
                Pass();
                if (_random.Next(10) == 0) CrashOfAgent();
            }
            Require(_alive.Count == 0, "a process is left over");
            Require(_state.Run == runs, "it started again after the stop");
        }

        private void Step()
        {
            switch (_random.Next(14))
            {
                case 0: Tell(new CareEvent.Ordered((Wanted)_random.Next(4))); break;
                case 1 or 2: Die(); break;
                case 3: Tell(new CareEvent.RestartAsked(_random.Next(2) == 0)); break;
                case 4: Tell(new CareEvent.HoldAsked(_random.Next(2) == 0)); break;
                case 5: CrashOfAgent(); break;
                case 6: Tell(new CareEvent.TimePassed()); break;
                default: Pass(); break;
            }
        }

        private void Pass()
        {
            _now = _state.Wake is { } wake && wake > _now ? wake : _now.AddMilliseconds(_random.Next(2000));
            Tell(new CareEvent.TimePassed());
        }

        private void Die()
        {
            if (_alive.Count == 0) return;
            var run = _alive.ElementAt(_random.Next(_alive.Count));
            _alive.Remove(run);
            Tell(new CareEvent.Exited(run, _random.Next(3)));
        }

        private void CrashOfAgent()
        {
            _state = _disk;
            var rebooted = _random.Next(4) == 0;
            if (rebooted) _alive.Clear();
            Tell(new CareEvent.Recovered([.. _alive], rebooted));
        }

        private void Tell(CareEvent happened)
        {
            var decision = InstanceCare.Handle(_state, happened, _now);
            _state = decision.State;
            if (decision.Persist is Persist.StateFirst) _disk = _state;
            foreach (var effect in decision.Effects)
            {
                if (_random.Next(50) == 0) { CrashOfAgent(); return; }
                CarryOut(effect);
            }
            Require(_alive.All(run => run == _state.Current?.Run || run == _state.Successor?.Run), "a process runs that nobody knows");
        }

        private void CarryOut(CareEffect effect)
        {
            switch (effect)
            {
                case CareEffect.Fetch:
                    Tell(_random.Next(5) == 0 ? new CareEvent.FetchFailed(new Failure("fetch-failed", "x"), _random.Next(5) == 0) : new CareEvent.Fetched());
                    break;
                case CareEffect.Start start:
                    Require(_disk.Run >= start.Run, "a start that is not on disk");
                    Require(start.Run > _lastRun, $"run {start.Run} was started before");
                    Require(_alive.Count == 0 || (_state.Rules.HandsOver && _alive.Count == 1), "two at once");
                    Require(_state.Wanted is Wanted.Run, $"started though {_state.Wanted} is wanted");
                    Require(!_state.Rules.Once || start.Run == 1 || _starts.Count == 0, "a script ran twice");
                    _lastRun = start.Run;
                    _starts.Add(_now);
                    Require(_starts.Count(t => t > _now.AddSeconds(-1)) <= 30, "a storm of starts");
                    if (_random.Next(10) == 0) { Tell(new CareEvent.StartFailed(start.Run, new Failure("start-failed", "x"))); break; }
                    _alive.Add(start.Run);
                    Tell(new CareEvent.Started(start.Run, 8080));
                    break;
                case CareEffect.Terminate when _random.Next(3) > 0:
                case CareEffect.Kill:
                    var run = effect is CareEffect.Terminate t ? t.Run : ((CareEffect.Kill)effect).Run;
                    if (_alive.Remove(run)) Tell(new CareEvent.Exited(run, 0));
                    break;
                case CareEffect.Check check:
                    Tell(new CareEvent.Checked(check.Run, _random.Next(4) > 0, true, "x"));
                    break;
            }
        }

        private static void Require(bool holds, string otherwise)
        {
            if (!holds) throw new InvalidOperationException(otherwise);
        }
    }
}
