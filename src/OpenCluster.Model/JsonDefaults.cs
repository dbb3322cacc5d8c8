using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace OpenCluster.Model;

/// <summary>
/// Makes a property that JSON leaves out keep the default it is declared with. Generated code does not: it creates a record with
/// init-only properties in one expression, in which what was missing becomes null, zero, or a list that is not even empty. Parts of
/// version N and N−1 work together, and people write requests by hand, so a missing field must mean its default.
/// </summary>
/// <remarks>
/// The record is made by its own constructor, and only what is there is set. This uses constructors and setters that the generated code
/// itself names (its attribute providers), so that trimming keeps them; nothing is looked up. Records with constructor parameters
/// are left to the generated code, which keeps the parameters' defaults.
/// </remarks>
public static class JsonDefaults
{
    /// <summary>The type as <paramref name="types"/> knows it, with defaults kept; null when it does not know the type.</summary>
    public static JsonTypeInfo? Keep(IJsonTypeInfoResolver types, Type type, System.Text.Json.JsonSerializerOptions options)
    {
        var known = types.GetTypeInfo(type, options);
        if (known is { Kind: JsonTypeInfoKind.Object, CreateObject: null, ConstructorAttributeProvider: ConstructorInfo made } && made.GetParameters().Length == 0)
        {
            foreach (var property in known.Properties)
                if (property.AttributeProvider is PropertyInfo { SetMethod: { } setter }) property.Set = Setter(MethodInvoker.Create(setter));
            var maker = ConstructorInvoker.Create(made);
            known.CreateObject = () => maker.Invoke();
        }

        return known;
    }

    private static Action<object, object?> Setter(MethodInvoker set) => (record, value) => set.Invoke(record, value);
}
