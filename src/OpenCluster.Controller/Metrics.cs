using System.Globalization;
using System.Text;
using OpenCluster.Api.Access;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Tasks;

namespace OpenCluster.Controller;

/// <summary>The controller's own numbers in Prometheus' text format (version 0.0.4).</summary>
internal sealed class Metrics(ClusterLoop loop, Ledger ledger, EventStreams streams, TaskBroker tasks, FailureLimit failures)
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public string Write()
    {
        var text = new StringBuilder();
        Add(text, "counter", "opencluster_controller_events_total", "Events decided: reports, requests, timers.", Volatile.Read(ref loop.Counters.Events));
        Add(text, "counter", "opencluster_controller_commits_total", "Transactions committed to the store.", Volatile.Read(ref loop.Counters.Commits));
        Add(text, "counter", "opencluster_controller_failed_commits_total", "Transactions the store could not take.", Volatile.Read(ref loop.Counters.FailedCommits));
        Add(text, "counter", "opencluster_controller_set_aside_total", "Events that could not be decided and were set aside.", Volatile.Read(ref loop.Counters.SetAside));
        Add(text, "gauge", "opencluster_controller_waiting", "Entries in the queue of the loop.", loop.Waiting);
        Add(text, "gauge", "opencluster_controller_streams", "Event streams open.", streams.Open);
        Add(text, "gauge", "opencluster_controller_tasks", "Logs and commands under way.", tasks.UnderWay);
        Add(text, "gauge", "opencluster_controller_storing", "1 while the store can be written.", loop.Trouble is null ? 1 : 0);
        Add(text, "gauge", "opencluster_controller_revision", "Revision of the last commit.", ledger.Revision);
        Add(text, "gauge", "opencluster_controller_epoch", "Number of this controller among all that started on this store.", ledger.Epoch);
        Add(text, "counter", "opencluster_controller_wrong_credentials_total", "Wrong tokens and webhook signatures.", failures.Total);
        return text.ToString();
    }

    private static void Add(StringBuilder text, string kind, string name, string help, long value) => text
        .Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
        .Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n')
        .Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
