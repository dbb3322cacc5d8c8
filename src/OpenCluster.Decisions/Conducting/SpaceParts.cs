using System.Collections.Immutable;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Makes the replicated set of a space when it is declared, and sees that each of its members has its process.</summary>
internal static class SpaceParts
{
    /// <returns>How many instances were started or stopped; never more than <paramref name="most"/>.</returns>
    public static int Look(Situation situation, int most)
    {
        var state = situation.State;
        var acts = 0;
        foreach (var space in state.Objects.Cluster.Data)
        {
            var set = state.Sets.Find(space.Id) ?? Make(situation, space);
            if (set is null)
                continue;
            Vote(situation, space, set);
            var place = new ServiceZone(space.Id, "");
            var (addOn, remove) = OnePerServerOf(set.Members, state.InstancesOf(place));
            foreach (var server in addOn.Where(s => state.Objects.Server(s) is not null).TakeWhile(_ => acts < most))
            {
                acts++;
                InstanceBook.Start(situation, place, space.Name, server, releaseId: null);
            }

            foreach (var instance in remove.TakeWhile(_ => acts < most))
            {
                acts++;
                InstanceBook.Stop(situation, instance);
            }
        }

        foreach (var gone in state.Sets.All.Select(s => s.Key).Where(id => state.Objects.Space(id) is null).ToList())
            SpaceCare.Forget(situation, gone);
        return acts;
    }

    private static (IEnumerable<string> AddOn, IEnumerable<Instance> Remove) OnePerServerOf(ImmutableArray<string> members, IReadOnlyCollection<Instance> there)
    {
        var running = there.Where(i => i.Wanted == Wanted.Run).ToList();
        return (
            members.Where(m => there.All(i => i.ServerId != m)).ToList(),
            running.Where((i, n) => !members.Contains(i.ServerId, StringComparer.Ordinal) || running.Take(n).Any(earlier => earlier.ServerId == i.ServerId)).ToList());
    }

    /// <summary>Members are chosen once: a copy moves by a person's word, never because a file lists its servers in another order.</summary>
    private static ReplicatedSet? Make(Situation situation, DataSpace space)
    {
        var members = Choose(space, situation.State.Objects.Cluster.Servers);
        if (members.Length < space.Copies)
            return null;
        var set = new ReplicatedSet
        {
            Id = space.Id,
            Members = members,
            Electorate = new Electorate(1, Voters(situation, space, members)),
            Replicas = space.Replicas,
            Since = situation.Now,
        };
        situation.State.Sets.Put(space.Id, set);
        SpaceCare.Begin(situation, set);
        situation.Say(Weight.Info, $"space/{space.Name}", $"{space.Name} is made: copies on {string.Join(", ", members.Select(situation.ServerName))}.");
        return set;
    }

    /// <summary>Wide rather than deep: each next copy goes where the fewest are, by the widest part of the location that tells them apart.</summary>
    private static ImmutableArray<string> Choose(DataSpace space, ImmutableArray<Server> servers)
    {
        var free = servers.Where(space.Suits).OrderBy(s => s.Id, Placing.IdOrder.Instance).ToList();
        var chosen = ImmutableArray.CreateBuilder<string>();
        var used = new List<string>();
        while (chosen.Count < space.Copies && free.Count > 0)
        {
            var next = free.MinBy(s => used.Sum(l => Shared(l, s.Location)))!;
            free.Remove(next);
            chosen.Add(next.Id);
            used.Add(next.Location);
        }

        return chosen.ToImmutable();
    }

    /// <summary>How much two locations have in common: 1 for each part from the front, and one more when they are the same.</summary>
    private static int Shared(string one, string other)
    {
        var (a, b) = (one.Split('.'), other.Split('.'));
        var same = a.Zip(b).TakeWhile(p => p.First == p.Second).Count();
        return same + (one == other ? 1 : 0);
    }

    /// <summary>Witnesses may change while the set works; its voters follow one at a time.</summary>
    private static void Vote(Situation situation, DataSpace space, ReplicatedSet set)
    {
        var wanted = Voters(situation, space, set.Members);
        var going = set.WantedVoters.IsEmpty ? set.Electorate.Voters : set.WantedVoters;
        if (!wanted.ToHashSet(StringComparer.Ordinal).SetEquals(going))
            SpaceCare.Feed(situation, space.Id, new SetEvent.VotersWanted(wanted));
    }

    private static ImmutableArray<string> Voters(Situation situation, DataSpace space, ImmutableArray<string> members)
    {
        if (space.WhenAlone == WhenAlone.Continue && members.Length == 2 && situation.State.Sets.Find(space.Id)?.Primary is { } primary)
            return [primary];
        var witnesses = situation.State.Objects.Cluster.Servers.Where(s => space.Witnesses.Contains(s.Name)).Select(s => s.Id);
        return [.. members, .. witnesses.Except(members)];
    }
}
