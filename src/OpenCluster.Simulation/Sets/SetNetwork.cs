namespace OpenCluster.Simulation.Sets;

/// <summary>Carries messages between hosts: late, out of order, sometimes not at all.</summary>
internal sealed class SetNetwork(SetWorld world)
{
    private readonly HashSet<(string From, string To)> cuts = [];

    public int LossPercent { get; set; }

    /// <summary>Added to every message between hosts.</summary>
    public TimeSpan Slow { get; set; }

    public void Cut(string from, string to) => cuts.Add((from, to));

    public void Mend(string from, string to) => cuts.Remove((from, to));

    public void MendAll() => cuts.Clear();

    public void Send(string from, string to, Actor receiver, Action deliver)
    {
        if (from != to && (cuts.Contains((from, to)) || (LossPercent > 0 && world.Random.Chance(LossPercent)))) return;
        world.Timeline.In(from == to ? TimeSpan.FromMicroseconds(50) : Slow + world.Random.Between(TimeSpan.FromMicroseconds(200), TimeSpan.FromMilliseconds(4)), () => receiver.Run(deliver));
    }
}
