namespace OpenCluster.Model.Nouns;

/// <summary>How a load-balancer writes its access log: an object of JSON a line, or the line that web servers write ("combined").</summary>
public enum AccessLogFormat { Json, Combined }

/// <summary>Requests told to a collector of traces, as OpenTelemetry's protocol has it (OTLP over HTTP, JSON).</summary>
/// <param name="To">The whole URL: <c>http://10.0.0.9:4318/v1/traces</c>.</param>
/// <param name="Share">Of requests that come without a trace, 0 to 1. Those whose client traces them are told always.</param>
public sealed record TraceRule(string To, double Share = 0.01);
