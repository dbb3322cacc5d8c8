using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace OpenCluster.LoadBalancer.Observing.Tracing;

/// <summary>One request as a collector is told of it. Names of attributes are OpenTelemetry's for HTTP, and a few of our own.</summary>
internal sealed record SpanRecord
{
    public required TraceContext Trace { get; init; }
    public required DateTimeOffset Start { get; init; }
    public required TimeSpan Took { get; init; }
    public required string Method { get; init; }
    public required string Host { get; init; }
    public required string Path { get; init; }
    public required string Client { get; init; }
    public required int Status { get; init; }
    public required int Tries { get; init; }
    public string Route { get; init; } = "";
    public string Instance { get; init; } = "";
    /// <summary>Why the balancer answered itself; empty when a target answered.</summary>
    public string Reason { get; init; } = "";

    /// <summary>A request to a collector, as OTLP 1.0 maps it to JSON: ids in hexadecimal, 64-bit numbers as texts.</summary>
    /// <param name="balancer">The instance that tells.</param>
    public static byte[] Request(IReadOnlyList<SpanRecord> spans, string balancer)
    {
        var to = new ArrayBufferWriter<byte>(512 * (spans.Count + 1));
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WriteStartArray("resourceSpans");
        json.WriteStartObject();
        json.WriteStartObject("resource");
        json.WriteStartArray("attributes");
        Text(json, "service.name", "opencluster-load-balancer");
        Text(json, "service.instance.id", balancer);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("scopeSpans");
        json.WriteStartObject();
        json.WriteStartObject("scope");
        json.WriteString("name", "OpenCluster");
        json.WriteEndObject();
        json.WriteStartArray("spans");
        foreach (var span in spans) span.Write(json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return to.WrittenSpan.ToArray();
    }

    private void Write(Utf8JsonWriter json)
    {
        const int Server = 2, Error = 2;
        json.WriteStartObject();
        json.WriteString("traceId", Trace.TraceId);
        json.WriteString("spanId", Trace.Span.ToString("x16", CultureInfo.InvariantCulture));
        if (Trace.Parent != 0) json.WriteString("parentSpanId", Trace.Parent.ToString("x16", CultureInfo.InvariantCulture));
        json.WriteString("name", Route.Length > 0 ? $"{Method} {Route}" : Method);
        json.WriteNumber("kind", Server);
        json.WriteString("startTimeUnixNano", Nanoseconds(Start));
        json.WriteString("endTimeUnixNano", Nanoseconds(Start + Took));
        json.WriteStartArray("attributes");
        Text(json, "http.request.method", Method);
        Text(json, "url.path", Path);
        Text(json, "server.address", Host);
        Text(json, "client.address", Client);
        Number(json, "http.response.status_code", Status);
        if (Route.Length > 0) Text(json, "opencluster.route", Route);
        if (Instance.Length > 0) Text(json, "opencluster.instance", Instance);
        if (Reason.Length > 0) Text(json, "opencluster.reason", Reason);
        if (Tries > 1) Number(json, "opencluster.tries", Tries);
        json.WriteEndArray();
        if (Status >= 500)
        {
            json.WriteStartObject("status");
            json.WriteNumber("code", Error);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static string Nanoseconds(DateTimeOffset time) => ((time - DateTimeOffset.UnixEpoch).Ticks * 100).ToString(CultureInfo.InvariantCulture);

    private static void Text(Utf8JsonWriter json, string key, string value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteStartObject("value");
        json.WriteString("stringValue", value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string key, int value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteStartObject("value");
        json.WriteString("intValue", value.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
