using System.Reflection;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Distributed.Kernels.Gpu.Arithmetic;

/// <summary>
/// What the operations of <see cref="DeviceMath"/> become in a device's code. PTX has an
/// instruction for each, and OpenCL C a function or an operator; ILGPU's CPU accelerator runs them as they are written.
/// </summary>
internal static class DeviceIntrinsics
{
    /// <summary>Tells a context of them.</summary>
    public static void Register(IntrinsicImplementationManager manager)
    {
        foreach ((string method, string ptx) in new[]
        {
            (nameof(DeviceMath.Fma), nameof(PtxFma)), (nameof(DeviceMath.Multiply), nameof(PtxMultiply)), (nameof(DeviceMath.Divide), nameof(PtxDivide)),
        })
            manager.RegisterMethod(Find(typeof(DeviceMath), method), new PTXIntrinsic(typeof(DeviceIntrinsics), ptx, IntrinsicImplementationMode.GenerateCode));
        foreach ((string method, string cl) in new[]
        {
            (nameof(DeviceMath.Fma), nameof(ClFma)), (nameof(DeviceMath.Multiply), nameof(ClMultiply)), (nameof(DeviceMath.Divide), nameof(ClDivide)),
        })
            manager.RegisterMethod(Find(typeof(DeviceMath), method), new CLIntrinsic(typeof(DeviceIntrinsics), cl, IntrinsicImplementationMode.GenerateCode));
    }

    private static MethodInfo Find(Type type, string name) =>
        type.GetMethod(name, BindingFlags.Public | BindingFlags.Static) ?? throw new MissingMethodException(type.FullName, name);

#pragma warning disable IDE0051 // ILGPU finds them by name.
    private static void PtxFma(PTXBackend backend, PTXCodeGenerator generator, Value value) => Ptx(generator, value, "fma.rn.f32");

    private static void PtxMultiply(PTXBackend backend, PTXCodeGenerator generator, Value value) => Ptx(generator, value, "mul.rn.f32");

    private static void PtxDivide(PTXBackend backend, PTXCodeGenerator generator, Value value) => Ptx(generator, value, "div.rn.f32");

    private static void ClFma(CLBackend backend, CLCodeGenerator generator, Value value) => Cl(generator, value, "fma");

    private static void ClMultiply(CLBackend backend, CLCodeGenerator generator, Value value) => Cl(generator, value, "", " * ");

    private static void ClDivide(CLBackend backend, CLCodeGenerator generator, Value value) => Cl(generator, value, "", " / ");
#pragma warning restore IDE0051

    private static void Ptx(PTXCodeGenerator generator, Value value, string instruction)
    {
        var arguments = new PTXCodeGenerator.PrimitiveRegister[value.Nodes.Length];
        for (int i = 0; i < arguments.Length; i++)
            arguments[i] = generator.LoadPrimitive(value.Nodes[i]);
        PTXCodeGenerator.HardwareRegister target = generator.AllocateHardware(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(instruction);
        command.AppendArgument(target);
        foreach (PTXCodeGenerator.PrimitiveRegister argument in arguments)
            command.AppendArgument(argument);
    }

    private static void Cl(CLCodeGenerator generator, Value value, string function, string? infix = null)
    {
        CLCodeGenerator.Variable target = generator.Allocate(value);
        using CLCodeGenerator.StatementEmitter statement = generator.BeginStatement(target);
        if (infix is null)
        {
            statement.AppendCommand(function);
            statement.BeginArguments();
            for (int i = 0; i < value.Nodes.Length; i++)
                statement.AppendArgument(generator.Load(value.Nodes[i]));
            statement.EndArguments();
            return;
        }
        statement.Append(generator.Load(value.Nodes[0]));
        statement.AppendCommand(infix);
        statement.Append(generator.Load(value.Nodes[1]));
    }
}
