using Distributed.Cli;

return await AttendCommand.RunAsync(args);
