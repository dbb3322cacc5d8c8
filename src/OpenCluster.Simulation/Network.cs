namespace OpenCluster.Simulation;

/// <summary>Carries messages between machines and the controller: late, sometimes not at all.</summary>
internal sealed class Network(World world)
{
    /// <summary>Names of servers that the controller and they cannot reach each other; to clients and balancers they are as before.</summary>
    public HashSet<string> CutFromController { get; } = new(StringComparer.Ordinal);

    /// <summary>Of 100 messages to or from the controller, so many are lost.</summary>
    public int LossPercent { get; set; }

    public bool ReachesController(string server) => !CutFromController.Contains(server);

    /// <summary>Delivers unless lost. Messages between the same two may overtake each other.</summary>
    public void BetweenControllerAnd(string server, Action deliver)
    {
        if (!ReachesController(server) || (LossPercent > 0 && world.Random.Chance(LossPercent)))
            return;
        world.Timeline.In(world.Random.Millis(1, 15), deliver);
    }
}
