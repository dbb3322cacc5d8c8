using System.Collections.Immutable;
using System.Text.Json.Nodes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Changes;

/// <summary>
/// What a file does to a cluster that others change as well. The file owns what it declared: where it says something new, that
/// holds; where it says what it said before, what someone else did since stays, and is shown; what it never declared is not touched.
/// </summary>
internal static class ThreeWay
{
    /// <param name="applied">The file's objects when last applied; null the first time.</param>
    /// <param name="declared">The file's objects now, with ids.</param>
    public static (Cluster After, ImmutableArray<Drift> Drift) Merge(Cluster? applied, Cluster current, Cluster declared, bool takeFile)
    {
        var words = new FieldWords(References.Lookup(declared, current, applied ?? Cluster.Empty));
        var merge = new Merging(words, takeFile);

        // The first time there is no "before": what the file says about the settings is new where it differs from what is there.
        var before = Objects.Of(References.ToIds(applied ?? current)).Where(o => applied is not null || o.Kind == ObjectKind.Settings).ToDictionary(o => o.Key);
        var theirs = Objects.Of(References.ToIds(current)).ToDictionary(o => o.Key);
        var ours = Objects.Of(References.ToIds(declared)).ToDictionary(o => o.Key);

        var result = new List<(ObjectKind, string, JsonObject)>();
        foreach (var key in theirs.Keys.Concat(ours.Keys).Distinct())
        {
            var fields = merge.Object(before.GetValueOrDefault(key), theirs.GetValueOrDefault(key), ours.GetValueOrDefault(key));
            if (fields is not null)
                result.Add((key.Item1, (ours.GetValueOrDefault(key) ?? theirs[key]).Id, fields));
        }
        var merged = Objects.ToCluster(declared.Name, result);
        return (References.ToNames(merged, declared, current), merge.Drift);
    }

    private sealed class Merging(FieldWords words, bool takeFile)
    {
        private readonly ImmutableArray<Drift>.Builder _drift = ImmutableArray.CreateBuilder<Drift>();

        public ImmutableArray<Drift> Drift => _drift.ToImmutable();

        /// <summary>The object as it will be; null when it will not be.</summary>
        public JsonObject? Object(FieldedObject? before, FieldedObject? theirs, FieldedObject? ours)
        {
            // Never declared, or no longer: gone only if the file once declared it.
            if (ours is null)
            {
                if (before is not null && theirs is not null && !Fields.Same(before.Fields, theirs.Fields))
                    _drift.Add(new Drift(before.Kind, theirs.Name, "", "declared", "changed", null, DriftOutcome.Overwritten));
                return before is null ? theirs!.Fields : null;
            }

            // New, or removed by someone else since.
            if (theirs is null)
            {
                var kept = before is not null && !takeFile && Fields.Same(before.Fields, ours.Fields);
                if (before is not null)
                    _drift.Add(new Drift(ours.Kind, ours.Name, "", "declared", null, "declared", kept ? DriftOutcome.Kept : DriftOutcome.Overwritten));
                return kept ? null : ours.Fields;
            }
            return Merge(ours, [], before?.Fields, theirs.Fields, ours.Fields)!.AsObject();
        }

        private JsonNode? Merge(FieldedObject of, ImmutableList<string> path, JsonNode? before, JsonNode? theirs, JsonNode? ours)
        {
            if (Fields.Same(theirs, ours))
                return ours?.DeepClone();
            var field = path.Count == 0 ? "" : path[^1];
            var (a, b, c) = (Fields.Parts(field, before), Fields.Parts(field, theirs), Fields.Parts(field, ours));
            if (b is not null && c is not null)
            {
                return Fields.Whole(field, Fields.Keys(c, b)
                    .Select(k => KeyValuePair.Create(k, Merge(of, path.Add(k), a.At(k), b.At(k), c.At(k))))
                    .Where(p => p.Value is not null));
            }

            if (Fields.Same(before, theirs))
                return ours?.DeepClone();
            var keep = !takeFile && Fields.Same(before, ours);
            _drift.Add(new Drift(of.Kind, of.Name, words.Path(path), words.Value(field, before), words.Value(field, theirs), words.Value(field, ours),
                keep ? DriftOutcome.Kept : DriftOutcome.Overwritten));
            return (keep ? theirs : ours)?.DeepClone();
        }
    }
}
