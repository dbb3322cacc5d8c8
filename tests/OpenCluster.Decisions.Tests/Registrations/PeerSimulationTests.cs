using OpenCluster.Decisions.Registrations;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Tests.Registrations;

/// <summary>
/// Three balancers, apps that register, renew and leave, messages that are lost, late and repeated, cuts and restarts, by seed. When the
/// network is whole again all know the same.
/// </summary>
public sealed class PeerSimulationTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Names = ["lb-1", "lb-2", "lb-3"];

    [Fact]
    public void Balancers_that_can_talk_again_know_the_same_whatever_happened_before()
    {
        for (var seed = 1; seed <= 200; seed++) new World(seed).Run();
    }

    [Fact]
    public void Two_that_cannot_reach_each_other_hear_through_the_third()
    {
        var world = new World(1);
        world.Cut("lb-1", "lb-3");
        world.Register("lb-1", "app", "/orders");
        for (var i = 0; i < 4; i++) world.Exchange();
        Assert.Single(world["lb-3"].Book.Live(world.Now));
    }

    [Fact]
    public void An_end_that_one_has_not_heard_of_wins_over_the_lease_that_one_remembers()
    {
        var world = new World(1);
        world.Register("lb-1", "app", "/orders");
        world.Exchange();
        world.Isolate("lb-2");
        world.End("lb-1", "app");
        world.Exchange();
        Assert.Single(world["lb-2"].Book.Live(world.Now));
        world.Mend();
        world.Exchange();
        world.Exchange();
        Assert.All(Names, n => Assert.Empty(world[n].Book.Live(world.Now)));
    }

    [Fact]
    public void Of_claims_made_on_both_sides_of_a_cut_the_older_holds_everywhere()
    {
        var world = new World(1);
        world.Isolate("lb-3");
        world.Register("lb-1", "first", "/orders");
        world.Pass(TimeSpan.FromSeconds(1));
        world.Register("lb-3", "second", "/orders");
        world.Mend();
        world.Exchange();
        world.Exchange();
        foreach (var name in Names)
        {
            var claims = new ClaimTable(world[name].Book.Live(world.Now));
            Assert.Equal("first", Assert.Single(claims.Serving(new PathClaim("route-1", "", "/orders"))).App);
            Assert.Equal("second", Assert.Single(claims.Conflicts()).Loser.App);
        }
    }

    [Fact]
    public void More_than_a_message_holds_arrives_in_several()
    {
        var world = new World(1);
        for (var i = 0; i < PeerExchange.MostPerMessage * 2 + 7; i++) world.Register("lb-1", $"app-{i}", $"/p{i}");
        world.Exchange();
        Assert.NotEqual(PeerExchange.MostPerMessage * 2 + 7, world["lb-2"].Book.Leases.Count);
        world.Exchange();
        world.Exchange();
        Assert.All(Names, n => Assert.Equal(PeerExchange.MostPerMessage * 2 + 7, world[n].Book.Leases.Count));
    }

    [Theory]
    [InlineData("lb-1")]
    [InlineData("lb-2")]
    [InlineData("lb-3")]
    public void What_was_registered_anywhere_survives_the_loss_of_any_one_with_its_disk(string lost)
    {
        var world = new World(1);
        foreach (var name in Names) world.Register(name, "app-of-" + name, "/" + name);
        world.Exchange();
        world.Restart(lost);
        world.Exchange();
        world.Exchange();
        Assert.All(Names, n => Assert.Equal(3, world[n].Book.Live(world.Now).Count()));
    }

    [Fact]
    public void A_restarted_balancer_is_told_everything_again()
    {
        var world = new World(1);
        world.Register("lb-1", "app", "/orders");
        world.Exchange();
        world.Restart("lb-2");
        Assert.Empty(world["lb-2"].Book.Leases);
        world.Exchange();
        world.Exchange();
        Assert.Single(world["lb-2"].Book.Live(world.Now));
    }

    private sealed class World(int seed)
    {
        private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(30);
        private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);
        private readonly Random _random = new(seed);
        private readonly Dictionary<string, PeerExchange> _balancers = Names.ToDictionary(n => n, n => new PeerExchange(n, 1));
        private readonly HashSet<(string, string)> _cuts = [];
        private readonly List<(string To, PeerMessage Message, DateTimeOffset Sent)> _late = [];
        private long _incarnation = 1;

        public DateTimeOffset Now { get; private set; } = Start;

        public PeerExchange this[string name] => _balancers[name];

        public void Run()
        {
            for (var step = 0; step < 300; step++)
            {
                Pass(TimeSpan.FromMilliseconds(_random.Next(1, 2000)));
                var at = Names[_random.Next(3)];
                var app = $"app-{_random.Next(5)}";
                switch (_random.Next(12))
                {
                    case 0: Cut(at, Names[_random.Next(3)]); break;
                    case 1: Mend(); break;
                    case 2: Isolate(at); break;
                    case 3: Restart(at); break;
                    case 4: End(at, app); break;
                    case < 9: Register(at, app, $"/{app}"); break;
                    default: Exchange(); break;
                }
            }
            Mend();
            for (var i = 0; i < 4; i++) Exchange(whole: true);
            // A message on its way makes what it tells last longer by as much: within that time one may have forgotten what another has not.
            var ending = _balancers.Values.SelectMany(b => b.Book.Leases.Values).Where(l => l.Registration is not null && (l.Until - Now).Duration() <= Late).Select(l => l.Id).ToHashSet();
            var all = Names.Select(n => _balancers[n].Book.Live(Now).Where(r => !ending.Contains(r.Id)).Select(r => (r.Id, r.Secret)).ToList()).ToList();
            Assert.True(all[0].SequenceEqual(all[1]) && all[1].SequenceEqual(all[2]), $"seed {seed}: the balancers do not know the same");
            Assert.All(_balancers.Values, b => Assert.True(b.Book.Leases.Values.All(l => l.Until <= Now + Ttl), $"seed {seed}: a lease grew"));
        }

        public void Pass(TimeSpan time)
        {
            Now += time;
            foreach (var balancer in _balancers.Values) balancer.Trim(Now, _ => true);
        }

        public void Register(string at, string app, string path)
        {
            var book = this[at].Book;
            var id = "reg-" + app;
            var known = book.Find(id);
            var live = known is { Registration: not null } && known.Until > Now;
            var registration = live ? known!.Registration! : Some.Registration(id, app, app, since: Now, paths: path) with { Secret = $"{app}-{Now.Ticks}" };
            this[at].Keep(new RegistrationLease { Id = id, Stamp = live ? known!.Stamp.Next(at, Now) : LeaseStamp.First(at, Now, known?.Stamp), Registration = registration, Until = Now + Ttl });
        }

        public void End(string at, string app)
        {
            if (this[at].Book.Find("reg-" + app) is not { } known) return;
            this[at].Keep(new RegistrationLease { Id = known.Id, Stamp = known.Stamp.Next(at, Now), Until = Now + Ttl });
        }

        public void Restart(string at) => _balancers[at] = new PeerExchange(at, ++_incarnation);

        public void Cut(string a, string b)
        {
            _cuts.Add((a, b));
            _cuts.Add((b, a));
        }

        public void Isolate(string name)
        {
            foreach (var other in Names) Cut(name, other);
        }

        public void Mend() => _cuts.Clear();

        /// <summary>Everybody asks everybody once. Unless whole, messages get lost, come late, and twice.</summary>
        public void Exchange(bool whole = false)
        {
            foreach (var (to, message, sent) in _late)
                if (Now - sent <= Late) _balancers[to].Hear(message, Now);
            _late.Clear();
            foreach (var from in Names)
            {
                foreach (var to in Names.Where(n => n != from && !_cuts.Contains((from, n))))
                {
                    var question = this[from].Tell(to, Now);
                    if (seed > 1 && !whole && _random.Next(5) == 0) continue;
                    this[to].Hear(question, Now);
                    var answer = this[to].Tell(from, Now);
                    if (seed > 1 && !whole && _random.Next(5) == 0)
                    {
                        if (_random.Next(2) == 0) _late.Add((from, answer, Now));
                        continue;
                    }
                    this[from].Hear(answer, Now);
                }
            }
        }
    }
}
