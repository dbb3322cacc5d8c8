using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenCluster.Api.Client;

namespace OpenCluster.Agent.LocalApi;

/// <summary>Talks to the agent of a directory over its socket.</summary>
public static class LocalClient
{
    /// <exception cref="AgentException">No agent runs there, or it refused; the message says why.</exception>
    public static async Task<LocalAnswer> AskAsync(string directory, LocalRequest request, CancellationToken ct)
    {
        var path = Path.Combine(directory, "agent.sock");
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            using (var at = new SocketPath(path)) await socket.ConnectAsync(at.EndPoint, ct);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(request, AgentJson.Default.LocalRequest) + "\n"), ct);
            using var reader = new StreamReader(stream);
            var line = await reader.ReadLineAsync(ct) ?? throw new IOException("the agent hung up");
            var answer = JsonSerializer.Deserialize(line, AgentJson.Default.LocalAnswer) ?? throw new IOException("the agent answered nothing");
            return answer.Error is null ? answer : throw new AgentException("refused", answer.Error);
        }
        catch (Exception gone) when (gone is SocketException or IOException)
        {
            throw new AgentException("no-agent", $"no agent answers at {path}: {gone.Message}", gone);
        }
    }
}
