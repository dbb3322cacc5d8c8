namespace OpenCluster.Simulation.Sets;

/// <summary>
/// A data server's process, as Redis behaves: takes writes when told it is primary, streams them to who follows it, confirms a write when
/// enough of these have it; a follower whose history is not a beginning of its primary's drops it and is filled anew.
/// </summary>
internal sealed class SetServer(SetWorld world, SetHost host, double rate)
{
    private const int PatientPings = 6;
    private const int MostAtOnce = 500;

    private readonly SortedDictionary<string, int> followers = new(StringComparer.Ordinal);
    private readonly List<(int Index, Relay Relay, int Write)> waiting = [];
    private bool takesWrites;
    private bool streams;
    private long epoch;
    private string? follows;
    private bool filling;
    private int pingsUnheard;

    public Actor Actor { get; } = new(world, host.Name + " server", rate);

    /// <summary>On disk, with <see cref="Lineage"/>.</summary>
    public History History { get; private set; } = new();

    public long Lineage { get; private set; }

    /// <summary>As the agent reads it: nothing while it is being filled.</summary>
    public (long Lineage, long Offset) Progress => filling ? (0, 0) : (Lineage, History.Length);

    public bool IsInStepWith(SetServer primary) => follows == primary.Name && !filling && Lineage == primary.epoch && History.Length == primary.History.Length;

    public override string ToString() =>
        $"{(filling ? "is being filled from" : follows is null ? "follows nobody" : "follows")} {follows} in epoch {epoch}, with {History.Length} writes of lineage {Lineage}";

    private string Name => host.Name;

    public void Start()
    {
        Actor.Start();
        takesWrites = false;
        streams = false;
        follows = null;
        followers.Clear();
        waiting.Clear();
        // What was being filled when it died is no data.
        if (filling) Wipe();
        filling = false;
        Actor.Every(TimeSpan.FromMilliseconds(150), Ping);
    }

    public void Wipe() => (History, Lineage) = (new History(), 0);

    public void LoseTail(int count) => History.LoseTail(count);

    public void MakePrimary(long newEpoch)
    {
        (takesWrites, streams, epoch, follows, Lineage) = (true, true, newEpoch, null, newEpoch);
        followers.Clear();
    }

    /// <summary>No writes and no confirmations; who follows still gets what it lacks, as from a Redis whose clients are shut out.</summary>
    public void Fence()
    {
        takesWrites = false;
        follows = null;
        waiting.Clear();
    }

    public void Follow(string primary, long newEpoch)
    {
        if (follows == primary && epoch == newEpoch) return;
        Fence();
        streams = false;
        (follows, epoch) = (primary, newEpoch);
        AskSync();
    }

    public void Write(Relay relay, long relayEpoch, int write)
    {
        if (!takesWrites || relayEpoch != epoch) return;
        History.Append(write);
        waiting.Add((History.Length, relay, write));
        foreach (var name in followers.Keys) Stream(name);
        Confirm();
    }

    private void Ping()
    {
        if (streams)
        {
            foreach (var name in followers.Keys) Stream(name);
        }
        else if (follows is not null && (filling || ++pingsUnheard > PatientPings))
        {
            // The primary may never have heard of this follower, or have lost the snapshot on its way.
            pingsUnheard = 0;
            AskSync();
        }
    }

    /// <summary>What the follower is not known to have; a lost message is made good by the next.</summary>
    private void Stream(string name)
    {
        var from = followers[name];
        var (digest, sent, at) = (History.DigestAt(from), History.From(from).Take(MostAtOnce).ToList(), epoch);
        world.ToServer(Name, name, server => server.Take(Name, at, from, digest, sent));
    }

    private void Take(string from, long at, int start, ulong digest, List<int> writes)
    {
        if (from != follows || at != epoch || filling) return;
        host.HearPrimary(at);
        pingsUnheard = 0;
        if (!History.Begins(start, digest))
        {
            AskSync();
            return;
        }
        foreach (var write in writes.Skip(History.Length - start)) History.Append(write);
        Lineage = at;
        Acknowledge();
    }

    private void Acknowledge()
    {
        var (length, at) = (History.Length, epoch);
        world.ToServer(Name, follows!, server => server.Acknowledged(Name, at, length));
    }

    private void Acknowledged(string name, long at, int length)
    {
        if (!streams || at != epoch || !followers.TryGetValue(name, out var known)) return;
        followers[name] = Math.Max(known, length);
        Confirm();
    }

    private void Confirm()
    {
        var have = followers.Values.Append(History.Length).OrderDescending().ElementAtOrDefault(world.Set.Replicas);
        foreach (var (index, relay, write) in waiting.Where(w => w.Index <= have).ToList())
        {
            waiting.Remove((index, relay, write));
            var (at, confirmed) = (epoch, world.Now);
            world.Network.Send(Name, relay.Name, relay.Actor, () => relay.Confirmed(write, at, confirmed));
        }
    }

    private void AskSync()
    {
        var (length, digest, at) = (History.Length, History.DigestAt(History.Length), epoch);
        world.ToServer(Name, follows!, server => server.Sync(Name, at, filling ? 0 : length, filling ? ulong.MaxValue : digest));
    }

    private void Sync(string name, long at, int length, ulong digest)
    {
        if (!streams || at != epoch) return;
        if (History.Begins(length, digest))
        {
            followers[name] = length;
            Stream(name);
            return;
        }
        world.ToServer(Name, name, server => server.BeginFilling(Name, at));
        // A snapshot takes its time, and is of the moment it began.
        var snapshot = History.Copy();
        Actor.In(world.Random.Millis(50, 800), () => world.ToServer(Name, name, server => server.Fill(Name, at, snapshot)));
    }

    private void BeginFilling(string from, long at)
    {
        if (from != follows || at != epoch || filling) return;
        world.Trace.Say(Name, $"drops its {History.Length} writes and is filled from {from}");
        filling = true;
    }

    private void Fill(string from, long at, History snapshot)
    {
        if (from != follows || at != epoch || !filling) return;
        (History, Lineage, filling) = (snapshot.Copy(), at, false);
        AskSync();
    }
}
