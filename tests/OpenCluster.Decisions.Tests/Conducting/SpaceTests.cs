using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Conducting;

public sealed class SpaceTests
{
    private readonly TestCluster cluster = new();

    [Fact]
    public void A_new_space_gets_copies_wide_over_locations_and_each_its_process_and_its_seat()
    {
        cluster.Apply(Declared(copies: 3));
        cluster.Run(2);

        var set = Sight().State!.Set;
        Assert.Equal(["hq", "dc.hall1", "cloud"], set.Members.Select(m => cluster.View.Servers.Single(s => s.Server.Id == m).Server.Location).OrderByDescending(l => l, StringComparer.Ordinal));
        foreach (var member in set.Members)
        {
            var assignment = cluster.Conductor.Assignment(member)!;
            var seat = Assert.Single(assignment.Sets);
            Assert.Equal(RunKind.Redis, assignment.Instances.Single(i => i.Id == seat.Instance).Spec.Kind);
            Assert.Equal(3, seat.Peers.Length);
        }
    }

    [Fact]
    public void A_new_set_elects_its_first_primary_and_tells_the_others_to_follow_it()
    {
        var primary = Form();

        Assert.Equal(SetPhase.Serving, Sight().State!.Set.Phase);
        Assert.Equal(2, Orders().Count(o => o.Order.Kind == SetOrderKind.Follow && o.Order.Primary == primary));
    }

    [Fact]
    public void A_primary_that_ended_is_replaced_by_a_copy_in_a_new_epoch()
    {
        var old = Form();
        var epoch = Sight().State!.Set.Epoch;
        cluster.Effects.Clear();

        Say(old, new MemberReport { Member = old, Role = MemberRole.Ended, Epoch = epoch, Trouble = "its process ended" });
        Answer(except: old);

        var set = Sight().State!.Set;
        Assert.Equal((SetPhase.Serving, epoch + 1), (set.Phase, set.Epoch));
        Assert.NotEqual(old, set.Primary);
        Assert.Contains(cluster.Notes, n => n.Text.Contains("is primary in epoch", StringComparison.Ordinal));
    }

    [Fact]
    public void A_controller_that_died_in_an_election_ends_it()
    {
        var old = Form();
        Say(old, new MemberReport { Member = old, Role = MemberRole.Ended, Epoch = Sight().State!.Set.Epoch });
        Assert.Equal(SetPhase.Electing, Sight().State!.Set.Phase);

        cluster.Restart();
        cluster.Effects.Clear();
        cluster.StandStill(TimeSpan.FromMilliseconds(250));
        cluster.Send(new ClusterEvent.TimePassed());
        Answer(except: old);

        Assert.Equal(SetPhase.Serving, Sight().State!.Set.Phase);
        Assert.NotEqual(old, Sight().State!.Set.Primary);
    }

    [Fact]
    public void A_primary_is_not_moved_to_a_copy_that_does_not_follow_in_step()
    {
        var primary = Form();
        var other = Sight().State!.Set.Members.First(m => m != primary);
        Say(other, new MemberReport { Member = other, Role = MemberRole.Down, Epoch = Sight().State!.Set.Epoch });

        var outcome = cluster.Send(new ClusterEvent.PrimaryMoveAsked(Sight().Space.Id, other, "ann", ""));

        Assert.Equal("cannot-move", outcome.Refused?.Code);
        Assert.DoesNotContain("srv-", outcome.Refused!.Reason, StringComparison.Ordinal);
        Assert.Equal(primary, Sight().State!.Set.Primary);
    }

    [Fact]
    public void A_paused_space_is_not_failed_over_for_silence()
    {
        var primary = Form();
        cluster.Send(new ClusterEvent.PauseChanged("", Paused: true, "ann", "moving house"));
        for (var i = 0; i < 20; i++)
        {
            cluster.StandStill(TimeSpan.FromMilliseconds(300));
            foreach (var member in Sight().State!.Set.Members.Where(m => m != primary))
                cluster.Send(new ClusterEvent.SetsSaid(member, [new SetWord { SetId = Sight().Space.Id, Vote = new VoterWord(Sight().State!.Set.Epoch, TimeSpan.FromSeconds(5)) }]));
        }

        Assert.Equal(SetPhase.Serving, Sight().State!.Set.Phase);
    }

    [Fact]
    public void A_space_that_leaves_the_file_takes_its_seats_and_processes_along()
    {
        Form();
        var declared = Declared(3);
        cluster.Apply(declared with { Data = [] });
        cluster.Run(30);

        Assert.Empty(cluster.View.Instances.Where(i => i.Name == "orders"));
        Assert.All(cluster.View.Servers, s => Assert.Empty(cluster.Conductor.Assignment(s.Server.Id)!.Sets));
    }

    [Fact]
    public void The_broker_answers_with_the_primary_and_with_nothing_while_there_is_none()
    {
        var declared = Declared(3);
        var primary = Form(declared with { LoadBalancers = [new LoadBalancer { Name = "edge", Role = "data", Listeners = [new Listener("registrations", 7401, ListenerProtocol.Registrations)] }] });
        var place = Assert.Single(Endpoint().Places);
        Assert.Equal((primary, 6379), (place.Id, place.Port));

        Say(primary, new MemberReport { Member = primary, Role = MemberRole.Ended, Epoch = Sight().State!.Set.Epoch });
        Assert.Empty(Endpoint().Places);
        Answer(except: primary);
        Assert.Equal(Sight().State!.Set.Primary, Assert.Single(Endpoint().Places).Id);

        BrokeredEndpoint Endpoint() => cluster.Conductor.Snapshot(cluster.Conductor.Balancers[0])!.Endpoints.Single(e => e.Name == "orders");
    }

    [Fact]
    public void What_a_space_is_made_with_cannot_be_applied_otherwise_later()
    {
        Form();

        Assert.Equal("space-is-made", cluster.Apply(Declared(copies: 2)).Refused?.Code);
        Assert.Null(cluster.Apply(Declared(copies: 3)).Refused);
        var holder = cluster.View.Servers.First(s => s.Server.Id == Sight().State!.Set.Members[0]).Server.Name;
        Assert.Equal("server-holds-data", cluster.Apply(Declared(3) with { Servers = [.. Declared(3).Servers.Where(s => s.Name != holder)] }).Refused?.Code);
    }

    private SpaceSight Sight() => Assert.Single(cluster.View.Spaces);

    private IEnumerable<ClusterEffect.OrderSet> Orders() => cluster.Effects.OfType<ClusterEffect.OrderSet>();

    private void Say(string server, MemberReport report) =>
        cluster.Send(new ClusterEvent.SetsSaid(server, [new SetWord { SetId = Sight().Space.Id, Report = report }]));

    private string Form(Cluster? declared = null)
    {
        cluster.Apply(declared ?? Declared(copies: 3));
        cluster.Run(0.5);
        Answer(except: null);
        return Sight().State!.Set.Primary!;
    }

    /// <summary>Agents do at once what they are asked, with equal data, until nothing more is asked of them.</summary>
    private void Answer(string? except)
    {
        for (var rounds = 0; rounds < 50 && Sight().State!.Set.Phase != SetPhase.Serving; rounds++)
        {
            var orders = Orders().Where(o => o.ServerId != except).ToList();
            cluster.Effects.RemoveAll(e => e is ClusterEffect.OrderSet);
            foreach (var order in orders)
                cluster.Send(new ClusterEvent.SetsSaid(order.ServerId, [Word(order)]));
            cluster.StandStill(TimeSpan.FromMilliseconds(60));
            cluster.Send(new ClusterEvent.TimePassed());
        }
    }

    private static SetWord Word(ClusterEffect.OrderSet order)
    {
        var report = new MemberReport { Member = order.ServerId, Role = MemberRole.Fenced, Epoch = order.Order.Epoch, Lineage = order.Order.Epoch - 1, Offset = 10, Answers = order.Order.Epoch };
        return order.Order.Kind switch
        {
            SetOrderKind.AskPromise => new SetWord { SetId = order.Order.SetId, Promise = new PromiseWord(order.Order.Epoch, TimeSpan.Zero) },
            SetOrderKind.Promote => new SetWord { SetId = order.Order.SetId, Report = report with { Role = MemberRole.Primary, Lineage = order.Order.Epoch, ElectorateVersion = 1 } },
            SetOrderKind.Follow => new SetWord { SetId = order.Order.SetId, Report = report with { Role = MemberRole.Follows, Follows = order.Order.Primary, Lineage = order.Order.Epoch } },
            _ => new SetWord { SetId = order.Order.SetId, Report = report },
        };
    }

    private static Cluster Declared(int copies) => new()
    {
        Name = "shop",
        Servers =
        [
            new Server { Name = "one", Location = "dc.hall1", Roles = ["data"], Controller = true },
            new Server { Name = "two", Location = "dc.hall1", Roles = ["data"] },
            new Server { Name = "three", Location = "hq", Roles = ["data"] },
            new Server { Name = "four", Location = "cloud", Roles = ["data"] },
        ],
        Roles = [new Role { Name = "data" }],
        Data = [new DataSpace { Name = "orders", Role = "data", Copies = copies }],
    };
}
