using ILGPU.Backends.OpenCL;
using ILGPU.IR;

namespace Distributed.Kernels.Gpu.Arithmetic;

/// <summary>
/// OpenCL C of the operations of <see cref="DeviceMath"/>, found by their names. Compilers of OpenCL C join a product and a sum
/// within one expression alone, and each of these is one of its own.
/// </summary>
internal static class ClOperations
{
    public static void Fma(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        using CLCodeGenerator.StatementEmitter statement = generator.BeginStatement(generator.Allocate(value));
        statement.AppendCommand("fma");
        statement.BeginArguments();
        for (int i = 0; i < value.Nodes.Length; i++)
            statement.AppendArgument(generator.Load(value.Nodes[i]));
        statement.EndArguments();
    }

    public static void Multiply(CLBackend backend, CLCodeGenerator generator, Value value) => Infix(generator, value, " * ");

    public static void Divide(CLBackend backend, CLCodeGenerator generator, Value value) => Infix(generator, value, " / ");

    private static void Infix(CLCodeGenerator generator, Value value, string sign)
    {
        using CLCodeGenerator.StatementEmitter statement = generator.BeginStatement(generator.Allocate(value));
        statement.Append(generator.Load(value.Nodes[0]));
        statement.AppendCommand(sign);
        statement.Append(generator.Load(value.Nodes[1]));
    }
}
