using System.IO.Pipelines;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Http;

namespace OpenCluster.Controller.Tasks;

/// <summary>
/// One task between its two ends. The agent's output goes through a bounded pipe, so a slow reader slows the agent down and costs
/// no memory here.
/// </summary>
internal sealed class PendingTask(AgentTask task, string serverId, TimeProvider time, Action<PendingTask> forget) : IDisposable
{
    private const int MaxBufferedBytes = 256 << 10;

    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: MaxBufferedBytes, resumeWriterThreshold: MaxBufferedBytes / 2, useSynchronizationContext: false));
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;

    public AgentTask Task => task;
    public string ServerId => serverId;

    /// <summary>The agent's output came to its end, or broke off.</summary>
    public bool Ended { get; private set; }

    /// <summary>The asking side: waits for the agent to begin, then copies until its output ends.</summary>
    public async Task CopyToAsync(HttpResponse response, CancellationToken ct)
    {
        try
        {
            await _begun.Task.WaitAsync(TaskBroker.StartWithin, time, ct);
        }
        catch (TimeoutException)
        {
            throw Problems.Away("agent-silent", $"The agent did not begin within {TaskBroker.StartWithin.TotalSeconds:0} s.", "See `opencluster servers` for its state.");
        }

        response.ContentType = "application/octet-stream";
        await _pipe.Reader.CopyToAsync(response.Body, ct);
    }

    /// <summary>The agent's side. False when another request brought it already, or nobody reads any more.</summary>
    public async Task<bool> CopyFromAsync(Stream output, CancellationToken ct)
    {
        if (Interlocked.Exchange(ref _taken, 1) != 0) return false;
        _begun.TrySetResult();
        Exception? cut = null;
        try
        {
            while (true)
            {
                var memory = _pipe.Writer.GetMemory(4096);
                var read = await output.ReadAsync(memory, ct);
                if (read == 0) return true;
                _pipe.Writer.Advance(read);
                var flushed = await _pipe.Writer.FlushAsync(ct);
                if (flushed.IsCompleted) return false;
            }
        }
        catch (Exception failed)
        {
            // The asking side must see that the output is not whole.
            cut = failed;
            throw;
        }
        finally
        {
            Ended = true;
            await _pipe.Writer.CompleteAsync(cut);
        }
    }

    /// <summary>The asking side has ended.</summary>
    public void Dispose()
    {
        forget(this);
        _pipe.Reader.Complete();
    }
}
