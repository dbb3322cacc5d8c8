using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Api;
using OpenCluster.Decisions.Registrations;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.OwnApi;

/// <summary>What the balancer itself answers to a request.</summary>
internal abstract record ApiAnswer
{
    private ApiAnswer() { }

    /// <param name="Fields">Further header lines, each with its CRLF.</param>
    public sealed record Whole(int Status, string ContentType, ReadOnlyMemory<byte> Body, string Fields = "") : ApiAnswer;

    /// <summary>Server-sent events: what each piece holds is sent as it comes, until the client leaves or the pieces end.</summary>
    public sealed record Events(Func<CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> Pieces) : ApiAnswer;

    /// <summary>101, and from then on the connection is the taker's, which must dispose of it; it completes when the connection has ended.</summary>
    /// <param name="Take">Given the transport and what the client has already sent beyond its request.</param>
    public sealed record Switch(string Protocol, Func<Transport, ReadOnlyMemory<byte>, Task> Take) : ApiAnswer;

    public static ApiAnswer Json<T>(T value, JsonTypeInfo<T> type, int status = 200, string fields = "") =>
        new Whole(status, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type), fields);

    public static ApiAnswer NoContent { get; } = new Whole(204, "", default);

    public static ApiAnswer Refused(RegistrationProblem problem, string fields = "") => new Whole(
        problem.Status,
        "application/problem+json",
        JsonSerializer.SerializeToUtf8Bytes(
            new Problem
            {
                Type = "https://opencluster.dev/problems/" + problem.Code,
                Title = Titles.Of(problem.Status),
                Status = problem.Status,
                Detail = problem.Detail,
                Code = problem.Code,
                Field = problem.Field,
                Instead = problem.Instead,
            },
            ApiJson.Default.Problem),
        fields);
}

internal static class Titles
{
    public static string Of(int status) => status switch
    {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        401 => "Unauthorized",
        409 => "Conflict",
        411 => "Length Required",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        _ => Forwarding.LocalAnswer.Title(status),
    };
}
