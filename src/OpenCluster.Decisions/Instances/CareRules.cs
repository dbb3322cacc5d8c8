using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Instances;

/// <summary>What an instance's order says about caring for it; the rest of the order is the shell's business.</summary>
public sealed record CareRules
{
    /// <summary>How to find out that it serves. Null: nothing can be asked, so that living for <see cref="Settle"/> must do.</summary>
    public HealthCheck? Check { get; init; }
    public StopRule Stop { get; init; } = new();
    public RestartRule Restart { get; init; } = new();
    /// <summary>There is a release, or a secret's value, to fetch before the first start.</summary>
    public bool Fetches { get; init; }
    /// <summary>A script: run once, never repeated; its exit code is the result.</summary>
    public bool Once { get; init; }
    /// <summary>A restart starts the new process next to the old one, which leaves by itself when the new one has its listeners.</summary>
    public bool HandsOver { get; init; }

    /// <summary>How long a process that cannot be asked must live to count as ready.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    /// <summary>A first start is given up after so many tries (or after <see cref="HealthCheck.StartWithin"/>, whichever comes first).</summary>
    public const int FirstStarts = 5;

    /// <summary>
    /// While it is starting it is asked this often, if <see cref="HealthCheck.Every"/> is longer: readiness should not wait for a beat. The
    /// first tries follow each other faster, an eighth of its age apart but at least <see cref="EagerLeast"/>, so that the wait stays in
    /// proportion: most services take a few hundred milliseconds.
    /// </summary>
    public static readonly TimeSpan EagerMost = TimeSpan.FromMilliseconds(100);

    /// <summary>The least between two tries.</summary>
    public static readonly TimeSpan EagerLeast = TimeSpan.FromMilliseconds(20);

    /// <summary>How long to wait before a process of this age that has not become ready is asked again.</summary>
    public static TimeSpan Eager(TimeSpan age) => age / 8 < EagerLeast ? EagerLeast : age / 8 < EagerMost ? age / 8 : EagerMost;

    /// <summary>SIGKILL is repeated this often while a process does not go (it hangs in the kernel).</summary>
    public static readonly TimeSpan KillAgain = TimeSpan.FromSeconds(5);

    public TimeSpan StartWithin => Check?.StartWithin ?? new HealthCheck().StartWithin;

    public static CareRules For(InstanceOrder order) => For(order.Spec) with
    {
        HandsOver = order.Spec.Kind is RunKind.LoadBalancer,
        Fetches = order.Release?.Digest is not null || !order.Secrets.IsEmpty,
    };

    private static CareRules For(ServiceSpec spec) => new()
    {
        // A service with a port is ready when something listens there, also when its owner wrote no check.
        Check = spec.Kind is RunKind.Script ? null : spec.Check ?? (spec.Ports.Any(p => p.Protocol is PortProtocol.Tcp) ? new HealthCheck() : null),
        Stop = spec.Stop,
        Restart = spec.Restart,
        Once = spec.Kind is RunKind.Script,
    };
}
