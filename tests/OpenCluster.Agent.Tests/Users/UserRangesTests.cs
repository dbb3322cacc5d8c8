using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Users;

namespace OpenCluster.Agent.Tests.Users;

public sealed class UserRangesTests : IDisposable
{
    // Below /tmp and open, so that a service of another user could enter.
    private readonly DirectoryInfo _root = Directory.CreateDirectory($"/tmp/oc-users-{Environment.ProcessId}-{Guid.NewGuid():N}");
    private HashSet<uint> _used = [];

    private string File => Path.Combine(_root.FullName, "machine", "user-ranges");

    public void Dispose() => _root.Delete(recursive: true);

    private UserRanges Ranges() => new(File, () => _used);

    private string Agent(string name) => _root.CreateSubdirectory(name).FullName;

    private UserIds Ids(string agent) => new(Path.Combine(agent, "users.json"), agent, Ranges());

    [Fact]
    public void Agents_of_one_machine_get_ranges_that_do_not_meet_also_when_they_ask_at_once()
    {
        var agents = Enumerable.Range(0, 40).Select(i => Agent($"agent{i}")).ToList();
        var claimed = agents.AsParallel().WithDegreeOfParallelism(8).Select(a => Ranges().Claim(a)).ToList();
        Assert.Equal(claimed.Count, claimed.Distinct().Count());
        Assert.All(agents, a => Assert.Single(Ranges().Of(a)));
    }

    [Fact]
    public void Ranges_do_not_overlap_and_builds_are_apart_from_services_and_all_lie_where_systemd_has_dynamic_users()
    {
        var ranges = Enumerable.Range(0, UserRange.Count).Select(n => new UserRange(n)).ToList();
        var ids = ranges.SelectMany(r => Enumerable.Range((int)r.First, (int)UserRange.Size)).Concat(ranges.Select(r => (int)r.Build)).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(ids, id => Assert.InRange(id, 61184, 65519));
    }

    [Fact]
    public void Range_of_an_agent_that_is_gone_is_taken_only_when_no_other_is_left()
    {
        var gone = Ranges().Claim(Path.Combine(_root.FullName, "gone"));
        var living = Agent("living");
        for (var i = 1; i < UserRange.Count; i++) Assert.NotEqual(gone, Ranges().Claim(living));
        Assert.Equal(gone, Ranges().Claim(living));
        Assert.Equal("no-user-range", Assert.Throws<AgentException>(() => Ranges().Claim(living)).Code);
    }

    [Fact]
    public void Range_in_which_somebody_runs_is_not_given_out()
    {
        _used = [new UserRange(0).First + 3, new UserRange(1).Build];
        Assert.Equal(new UserRange(2), Ranges().Claim(Agent("one")));
    }

    [Fact]
    public void Services_of_two_agents_and_their_builds_have_different_users_that_last()
    {
        if (LibC.EffectiveUser() != 0) Assert.Skip("needs root");
        var (one, two) = (Agent("one"), Agent("two"));
        List<RunAs?> Users() => [Ids(one).For("svc-1", null), Ids(one).For("svc-2", null), Ids(one).ForBuilds(), Ids(two).For("svc-1", null), Ids(two).ForBuilds()];
        var users = Users();
        Assert.Equal(5, users.Select(u => u!.Uid).Distinct().Count());
        Assert.Equal(users, Users());
    }

    [Fact]
    public void Agent_with_more_services_than_a_range_has_gets_another()
    {
        if (LibC.EffectiveUser() != 0) Assert.Skip("needs root");
        var (one, two) = (Agent("one"), Agent("two"));
        var other = Ids(two).For("svc", null)!.Uid;
        var users = Enumerable.Range(0, (int)UserRange.Size + 1).Select(i => Ids(one).For($"svc-{i}", null)!.Uid).ToList();
        Assert.Equal(users.Count, users.Append(other).Distinct().Count() - 1);
        Assert.Equal(2, Ranges().Of(one).Length);
    }

    [Fact]
    public void Agents_directory_that_was_copied_gives_other_users()
    {
        if (LibC.EffectiveUser() != 0) Assert.Skip("needs root");
        var one = Agent("one");
        var first = Ids(one).For("svc", null);
        var copy = Agent("copy");
        System.IO.File.Copy(Path.Combine(one, "users.json"), Path.Combine(copy, "users.json"));
        Assert.NotEqual(first, Ids(copy).For("svc", null));
    }

    [Fact]
    public void Directory_of_another_user_is_handed_over_with_all_that_is_in_it()
    {
        if (LibC.EffectiveUser() != 0) Assert.Skip("needs root");
        var data = Agent("data");
        System.IO.File.WriteAllText(Path.Combine(data, "file"), "");
        UserIds.Settle(data, new RunAs(61184, 61184));
        Assert.Equal((61184u, 61184u), (LibC.OwnerOf(data), LibC.OwnerOf(Path.Combine(data, "file"))));
    }
}
