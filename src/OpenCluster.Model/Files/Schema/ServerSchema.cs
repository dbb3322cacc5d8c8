using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>servers</c>: machines with an agent on them.</summary>
internal static class ServerSchema
{
    private static readonly Key<string> Zone = new("zone", Common.Named("the name of a zone"), "The zone it is in.", "default");

    private static readonly Key<string> Location = new("location", Common.Location,
        "Where it stands: names joined by dots, the widest first (dc.hall1). Instances spread over locations, and traffic prefers the nearest.", "default");

    private static readonly OptionalKey<string> Address = new("address", new TextShape("an IP address", Texts.NotAnAddress),
        "The IPv4 or IPv6 address that others reach it at.")
    { Otherwise = "a loopback address of its own when the cluster runs on one machine" };

    private static readonly Key<ImmutableArray<string>> Roles = new("roles", Common.Names("roles", "the name of a role"),
        "What it is for: services and load-balancers are given to roles.", ["default"]);

    private static readonly Key<ImmutableArray<string>> Tags = new("tags", Common.Tags, "What is special about it, for services that ask for it: ssd, gpu.", []);

    private static readonly Key<bool> Controller = new("controller", new FlagShape(),
        "Whether the controller runs here; on exactly one server.", false)
    { UsualWords = "true when it is the only server, else false" };

    private static readonly Key<Capacity> Fits = new("capacity", CapacitySchema.OfServer, "How much may be placed on it.", new()) { UsualWords = "unlimited" };

    private static readonly Key<double> Cost = new("cost", new NumberShape(0, 100_000, "an amount of money per hour"),
        "What it costs per hour, in your currency; for reports and budgets.", 0);

    public static readonly ObjectShape<Server> Shape = new("a server",
        [Common.RenamedFrom, Zone, Location, Address, Roles, Tags, Controller, Fits, Cost], o => Read(o, o.Get(Zone)));

    private static Server Read(ObjectReader o, string zone)
    {
        o = o.In(zone);
        return new Server
        {
            Name = o.Name,
            RenamedFrom = o.Maybe(Common.RenamedFrom),
            Zone = zone,
            Location = o.Get(Location),
            Address = o.Maybe(Address),
            Roles = o.Get(Roles),
            Tags = o.Get(Tags),
            Controller = o.Get(Controller),
            Capacity = o.Get(Fits),
            CostPerHour = (decimal)o.Get(Cost),
        };
    }
}

/// <summary>How much a server offers, and how much an instance takes.</summary>
internal static class CapacitySchema
{
    private static readonly OptionalKey<long> Memory = new("memory", Common.Size("1MiB", "64TiB"), "Main memory.");
    private static readonly OptionalKey<double> Cpu = new("cpu", new NumberShape(0.001, 4096, "a number of cores"), "Processor cores; 0.5 is half of one.");
    private static readonly OptionalKey<long> Disk = new("disk", Common.Size("1MiB", "8192TiB"), "Disk space.");
    private static readonly OptionalKey<int> Instances = new("instances", new WholeShape(0, 10_000), "The most instances of your services.") { Otherwise = "no limit" };

    public static readonly ObjectShape<Capacity> OfServer = new("a server's capacity", [Memory, Cpu, Disk, Instances], o => Read(o) with { Instances = o.Number(Instances) });

    public static readonly ObjectShape<Capacity> OfInstance = new("an instance's share", [Memory, Cpu, Disk], Read);

    private static Capacity Read(ObjectReader o) => new() { MemoryBytes = o.Number(Memory), Cpu = o.Number(Cpu), DiskBytes = o.Number(Disk) };
}
