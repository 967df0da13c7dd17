using System.CommandLine;
using Distributed.Simulator.Commands;

var root = new RootCommand(
    "The plan and the ring of a cluster on a simulated clock, for clusters that are not at hand.")
{
    LineCommand.Create(), ValidateCommand.Create(),
};
foreach (Command command in TablesCommand.Create())
    root.Add(command);
return root.Parse(args).Invoke();
