using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using OpenCluster.CommandLine;
using OpenCluster.Demo;
using OpenCluster.Host;
using OpenCluster.Laptop;
using OpenCluster.Processes;
using OpenCluster.Trust.Tls;
using OpenCluster.Verbs;
using OpenCluster.Verbs.Apps;
using OpenCluster.Verbs.Deploying;
using OpenCluster.Verbs.Files;
using OpenCluster.Verbs.Looking;
using OpenCluster.Verbs.Steering;
using OpenCluster.Verbs.Trust;

SystemRoots.LeaveAside();

Chapter[] chapters =
[
    new("On this machine", DemoVerb.Create(), UpVerb.Create(), DownVerb.Create()),
    new("Look", StatusVerb.Create(), ServersVerb.Create(), ServicesVerb.Create(), InstancesVerb.Create(), EventsVerb.Create(), LogsVerb.Create(), ExecVerb.Create()),
    new("Change the file", PlanVerb.Create(), ApplyVerb.Create(), HistoryVerb.Create(), UndoVerb.Create(), SchemaVerb.Create()),
    new("Deploy", DeployVerb.Create(), RollbackVerb.Create(), ReleasesVerb.Create(), WebhookVerb.Create()),
    new("Steer", PauseVerbs.Pause(), PauseVerbs.Resume()),
    new("Apps and load-balancers", TokenVerbs.Create(), LbVerb.Create()),
    new("People and servers", LoginVerbs.LogIn(), LoginVerbs.LogOut(), UserVerbs.Create(), SecretVerbs.Create(), AuditVerb.Create(), TrustVerb.Create(), ClusterVerbs.Create(), ServerVerbs.Create(), JoinVerb.Create(), InstallVerbs.Install(), InstallVerbs.Uninstall()),
    new("Try decisions out", SimulateVerb.Create()),
    new("Your shell", CompletionVerb.Create()),
    new("Parts, which agents start", ControllerVerb.Create(), AgentVerb.Create(), LoadBalancerVerb.Create(), DataVerb.Create(), WebVerb.Create()),
];

var frontPage = new FrontPage(chapters);
var root = new RootCommand("OpenCluster runs internet services for small teams: from one server to several sites, one file, one binary.");
root.SetAction(frontPage.Invoke);
foreach (var verb in chapters.SelectMany(c => c.Verbs)) root.Subcommands.Add(verb);
// Without the names that it has on Windows: here those are paths.
root.Options.Remove(root.Options.OfType<HelpOption>().Single());
root.Options.Add(new HelpOption("--help", "-h") { Action = frontPage });
root.Options.Add(ClientVerb.Controller);
root.Options.Add(ClientVerb.TokenFile);
root.Options.Add(ClientVerb.Roots);
root.Options.Add(ClientVerb.Json);

var parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction) return Mistyped.Tell(parsed);
// Draining takes its time: up to a minute for what runs on a server, twice for a whole cluster. Who starts a part bounds it by SIGKILL.
var patience = TimeSpan.FromMinutes(3);
return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = patience }).ConfigureAwait(false);
