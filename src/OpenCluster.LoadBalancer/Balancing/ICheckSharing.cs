namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>Balancers that check targets for each other.</summary>
internal interface ICheckSharing
{
    /// <summary>Whether another balancer checks it and finds what we know of it: then our check can wait.</summary>
    bool IsAnothers(TargetSlot slot);

    /// <summary>We have checked it; its health says what was found.</summary>
    void Checked(TargetSlot slot);
}
