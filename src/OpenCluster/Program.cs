using System.CommandLine;
using OpenCluster.CommandLine;
using OpenCluster.Demo;
using OpenCluster.Laptop;
using OpenCluster.Processes;
using OpenCluster.Verbs;
using OpenCluster.Verbs.Deploying;
using OpenCluster.Verbs.Files;
using OpenCluster.Verbs.Looking;
using OpenCluster.Verbs.Steering;

var root = new RootCommand("OpenCluster runs internet services for small teams: from one server to several sites, one file, one binary.")
{
    DemoVerb.Create(),
    UpVerb.Create(),
    DownVerb.Create(),
    StatusVerb.Create(),
    ServersVerb.Create(),
    ServicesVerb.Create(),
    InstancesVerb.Create(),
    LogsVerb.Create(),
    ExecVerb.Create(),
    EventsVerb.Create(),
    PlanVerb.Create(),
    ApplyVerb.Create(),
    HistoryVerb.Create(),
    UndoVerb.Create(),
    DeployVerb.Create(),
    RollbackVerb.Create(),
    ReleasesVerb.Create(),
    WebhookVerb.Create(),
    PauseVerbs.Pause(),
    PauseVerbs.Resume(),
    SchemaVerb.Create(),
    CompletionVerb.Create(),
    ControllerVerb.Create(),
    AgentVerb.Create(),
    LoadBalancerVerb.Create(),
    WebVerb.Create(),
};
root.Options.Add(ClientVerb.Controller);
root.Options.Add(ClientVerb.TokenFile);
root.Options.Add(ClientVerb.Json);

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
