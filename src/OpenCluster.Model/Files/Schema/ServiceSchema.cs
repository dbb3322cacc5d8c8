using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Files.Yaml;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary>
/// <c>services</c>. A service is written once and goes to several zones: for each zone, what the zone says is laid over what the
/// service says, <c>${name}</c> means what it means there, and the whole is read as one specification.
/// </summary>
internal static class ServiceSchema
{
    private static readonly Key<string> Role = new("role", Common.Named("the name of a role"), "The role whose servers may run it.", "default");
    private static readonly OptionalKey<string> Git = new("git", new TextShape("a URL for git", GitUrl.Check) { Shown = false },
        "The repository its releases are made from; without a user, password or token in it.");
    private static readonly OptionalKey<string> Directory = new("directory", Common.Text,
        "A working directory on the machine that applies the file, taken as it is, uncommitted work included. Relative to the file.");
    private static readonly Key<string> Branch = new("branch", new TextShape("the name of a branch", Texts.NotABranch),
        "The branch of the repository that is deployed; usually another one in each zone.", "main");
    private static readonly OptionalKey<TimeSpan> Poll = new("poll", Common.Duration("5s", "1d"),
        "Ask the repository this often for a new head, where it cannot send webhooks.")
    { Otherwise = "never: webhooks and the deploy command" };
    private static readonly OptionalKey<string> Registers = new("registers", Common.Named("the name of a route"),
        "The limited dynamic route that its instances may register for. They find a token for it in $OPENCLUSTER_TOKEN_FILE, and load-balancers in $OPENCLUSTER_REGISTRARS.")
    { Otherwise = "none" };
    private static readonly Key<ImmutableArray<string>> ConnectsTo = new("connects-to",
        new ListShape<string>("endpoints", new TextShape("the name of an endpoint", Texts.NotAnEndpoint)), "Endpoints that its instances may ask the broker for, by the same token.", []);
    private static readonly Key<RetentionRule> Keep = new("keep", LifeSchemas.Keep, "How many of its releases are kept.", new());

    private static readonly ObjectShape<InZone> ZoneShape = new("a service in a zone", [Branch, .. SpecSchema.Keys], o => new InZone(o.Name, o.Node));
    private static readonly OptionalKey<ImmutableArray<InZone>> Zones = new("zones", new NamedShape<InZone>("zones", ZoneShape, namesAlone: true),
        "The zones it goes to, and what is different there; every key of the service that is about building and running may stand here.")
    { Otherwise = "[default]" };

    public static readonly ObjectShape<Service> Shape = new("a service",
        [Common.RenamedFrom, Common.Description, Role, Git, Directory, Branch, Poll, .. SpecSchema.Keys, Registers, ConnectsTo, Keep, Zones], Read);

    /// <summary>What a zone says otherwise, as written.</summary>
    private sealed record InZone(string Zone, MapNode Over);

    private static Service Read(ObjectReader o)
    {
        var source = Source(o);
        var zones = o.List(Zones);
        if (o.Has(Zones) && zones.IsEmpty)
            o.Wrong(Zones, "it goes to no zone", "Name at least one, or take the key out for the default zone");

        return new Service
        {
            Name = o.Name,
            RenamedFrom = o.Maybe(Common.RenamedFrom),
            Description = o.Get(Common.Description),
            Role = o.Get(Role),
            Source = source,
            Registers = o.Maybe(Registers),
            ConnectsTo = o.Get(ConnectsTo),
            Keep = o.Get(Keep),
            Deployments = zones.IsEmpty
                ? [Deployment(o, "default", o.Node, o.Scope)]
                : [.. zones.Select(z => Deployment(o, z.Zone, o.Node.Overlay(z.Over), o.Scope.Below(Zones.Name).Below(z.Zone)))],
        };
    }

    private static ZoneDeployment Deployment(ObjectReader service, string zone, MapNode merged, Scope scope)
    {
        var known = scope.Reading.ZoneValues.TryGetValue(zone, out var ofZone) ? ofZone : scope.Values.With("zone.name", zone, merged.At);
        var reader = new ObjectReader(merged, scope with { Values = known.With("service.name", service.Name, service.Node.At) });
        if (reader.Has(Branch) && !reader.Has(Git))
            reader.Wrong(Branch, "a branch needs a repository", "Add \"git\", or take the branch out");
        return new ZoneDeployment
        {
            Zone = zone,
            Branch = reader.Has(Git) ? reader.Get(Branch) : null,
            Spec = SpecSchema.Read(reader, reader.Has(Git) || reader.Has(Directory)),
        };
    }

    private static Source? Source(ObjectReader o)
    {
        if (o.Has(Git) && o.Has(Directory))
            o.Wrong(Directory, "the source is either \"git\" or \"directory\"", "Take one of them out");
        if (o.Has(Poll) && !o.Has(Git))
            o.Wrong(Poll, "there is no repository to ask", "Add \"git\", or take it out");
        return o.Has(Git) || o.Has(Directory)
            ? new Source { Git = o.Maybe(Git), Directory = o.Has(Git) ? null : o.Maybe(Directory), Poll = o.Number(Poll) }
            : null;
    }
}
