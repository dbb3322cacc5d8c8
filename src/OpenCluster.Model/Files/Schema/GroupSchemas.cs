using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>zones</c>: groups of servers kept apart, and what <c>${name}</c> means in them.</summary>
internal static class ZoneSchema
{
    public static readonly TextMapShape ValuesShape = new("values", Texts.ValueNamePattern, Texts.NotAValueName);

    private static readonly Key<ImmutableSortedDictionary<string, string>> Values = new("values", ValuesShape,
        "What ${name} means for servers, services and routes of this zone; it wins over the file's own values.", Common.NoTexts)
    { UsualWords = "none" };

    public static readonly ObjectShape<Zone> Shape = new("a zone", [Common.RenamedFrom, Common.Description, Values], Read);

    private static Zone Read(ObjectReader o)
    {
        var scope = o.Scope.Below(Values.Name);
        var inside = o.Scope.Values.With("zone.name", o.Name, o.Node.At);
        var names = new List<string>();
        if (o.Node[Values.Name] is { } node)
        {
            foreach (var (name, at, text) in ValuesShape.Entries(node, scope))
            {
                inside = inside.With(name, text.IsNull ? "" : text.Text, text.At);
                names.Add(name);
                o.Scope.Reading.Found(scope.Below(name).Path, at);
            }
        }
        o.Scope.Reading.ZoneValues[o.Name] = inside;
        return new Zone
        {
            Name = o.Name,
            RenamedFrom = o.Maybe(Common.RenamedFrom),
            Description = o.Get(Common.Description),
            Values = inside.FillAll(names, scope),
        };
    }
}

/// <summary><c>roles</c>: what sets of servers are for.</summary>
internal static class RoleSchema
{
    public static readonly ObjectShape<Role> Shape = new("a role", [Common.RenamedFrom, Common.Description], o => new Role
    {
        Name = o.Name,
        RenamedFrom = o.Maybe(Common.RenamedFrom),
        Description = o.Get(Common.Description),
    });
}

/// <summary><c>secrets</c>: names only; values are set by command.</summary>
internal static class SecretSchema
{
    public static readonly ObjectShape<Secret> Shape = new("a secret", [Common.RenamedFrom, Common.Description], o => new Secret
    {
        Name = o.Name,
        RenamedFrom = o.Maybe(Common.RenamedFrom),
        Description = o.Get(Common.Description),
    });
}
