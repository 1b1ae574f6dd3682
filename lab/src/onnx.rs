//! Writes ONNX graphs: owned nodes and constants, turned into the protocol buffer at the end.
//!
//! Operator set 17, ONNX's numbering (<https://onnx.ai/onnx/operators/>). Only operators that the embedded backend
//! and ONNX Runtime both run are used.

use onnx_rs::ast::{
    Attribute, AttributeType, DataType, Dimension, Graph, Model, Node, OpType, OperatorSetId, StringStringEntry,
    TensorProto, TensorShape, TensorShapeDimension, TensorTypeProto, TypeProto, TypeValue, ValueInfo,
};

const OPERATOR_SET: i64 = 17;
/// The file format that came with the operator set.
const IR_VERSION: i64 = 8;

/// A value in the graph: the name of an input, a constant or a node's output.
#[derive(Clone, Debug)]
pub struct Value(String);

/// A dimension of an input or output.
#[derive(Clone, Copy, Debug)]
pub enum Dim {
    /// Known when the graph is written.
    Fixed(usize),
    /// Named, known at run time.
    Named(&'static str),
}

/// A node's attribute.
#[derive(Clone, Debug)]
pub enum Attr {
    /// A whole number.
    Int(i64),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// A number.
    Float(f32),
}

struct NodeSpec {
    op: OpType<'static>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    attributes: Vec<(&'static str, Attr)>,
}

enum Constant {
    Floats(Vec<f32>),
    Ints(Vec<i64>),
}

struct Port {
    name: String,
    elements: DataType,
    dims: Vec<Dim>,
}

/// A graph under construction. Nodes run in the order in which they are added.
#[derive(Default)]
pub struct GraphBuilder {
    nodes: Vec<NodeSpec>,
    constants: Vec<(String, Vec<usize>, Constant)>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl GraphBuilder {
    /// An input of f32.
    pub fn input_f32(&mut self, name: &str, dims: &[Dim]) -> Value {
        self.inputs.push(Port { name: name.into(), elements: DataType::Float, dims: dims.into() });
        Value(name.into())
    }

    /// An input of i64.
    pub fn input_i64(&mut self, name: &str, dims: &[Dim]) -> Value {
        self.inputs.push(Port { name: name.into(), elements: DataType::Int64, dims: dims.into() });
        Value(name.into())
    }

    /// Numbers, row-major.
    ///
    /// # Panics
    /// If there are not as many as `dims` says.
    pub fn floats(&mut self, dims: &[usize], values: Vec<f32>) -> Value {
        assert_eq!(values.len(), dims.iter().product::<usize>(), "as many values as elements");
        self.constant(dims, Constant::Floats(values))
    }

    /// Whole numbers, as a vector.
    pub fn ints(&mut self, values: &[i64]) -> Value {
        self.constant(&[values.len()], Constant::Ints(values.into()))
    }

    fn constant(&mut self, dims: &[usize], constant: Constant) -> Value {
        let name = format!("c{}", self.constants.len());
        self.constants.push((name.clone(), dims.into(), constant));
        Value(name)
    }

    /// A node with one output.
    pub fn node(
        &mut self,
        op: OpType<'static>,
        inputs: &[&Value],
        attributes: Vec<(&'static str, Attr)>,
    ) -> Value {
        let name = format!("n{}", self.nodes.len());
        let inputs = inputs.iter().map(|v| v.0.clone()).collect();
        self.nodes.push(NodeSpec { op, inputs, outputs: vec![name.clone()], attributes });
        Value(name)
    }

    /// Cuts `value` into parts of `sizes` along `axis`.
    pub fn split(&mut self, value: &Value, axis: i64, sizes: &[i64]) -> Vec<Value> {
        let sizes_value = self.ints(sizes);
        let name = format!("n{}", self.nodes.len());
        let outputs: Vec<String> = (0..sizes.len()).map(|i| format!("{name}_{i}")).collect();
        self.nodes.push(NodeSpec {
            op: OpType::Split,
            inputs: vec![value.0.clone(), sizes_value.0],
            outputs: outputs.clone(),
            attributes: vec![("axis", Attr::Int(axis))],
        });
        outputs.into_iter().map(Value).collect()
    }

    /// Makes `value` the graph's output `name`, f32.
    pub fn output(&mut self, name: &str, value: &Value, dims: &[Dim]) {
        for node in &mut self.nodes {
            for output in node.inputs.iter_mut().chain(&mut node.outputs).filter(|o| **o == value.0) {
                *output = name.to_owned();
            }
        }
        self.outputs.push(Port { name: name.into(), elements: DataType::Float, dims: dims.into() });
    }

    /// The file's bytes, with `metadata` as pairs of key and value.
    #[must_use]
    pub fn encode(&self, name: &str, metadata: &[(&str, &str)]) -> Vec<u8> {
        let model = Model {
            ir_version: IR_VERSION,
            producer_name: env!("CARGO_PKG_NAME"),
            producer_version: env!("CARGO_PKG_VERSION"),
            opset_import: vec![OperatorSetId { domain: "", version: OPERATOR_SET }],
            graph: Some(Graph {
                name,
                node: self.nodes.iter().map(NodeSpec::to_proto).collect(),
                initializer: self.constants.iter().map(constant_to_proto).collect(),
                input: self.inputs.iter().map(Port::to_proto).collect(),
                output: self.outputs.iter().map(Port::to_proto).collect(),
                ..Default::default()
            }),
            metadata_props: metadata.iter().map(|&(key, value)| StringStringEntry { key, value }).collect(),
            ..Default::default()
        };
        onnx_rs::encode(&model)
    }
}

impl NodeSpec {
    fn to_proto(&self) -> Node<'_> {
        Node {
            name: &self.outputs[0],
            op_type: self.op.clone(),
            input: self.inputs.iter().map(String::as_str).collect(),
            output: self.outputs.iter().map(String::as_str).collect(),
            attribute: self.attributes.iter().map(|(name, attr)| attr.to_proto(name)).collect(),
            ..Default::default()
        }
    }
}

impl Attr {
    fn to_proto(&self, name: &'static str) -> Attribute<'_> {
        let attribute = Attribute { name, ..Default::default() };
        match self {
            Self::Int(i) => Attribute { r#type: AttributeType::Int, i: *i, ..attribute },
            Self::Ints(ints) => Attribute { r#type: AttributeType::Ints, ints: ints.clone(), ..attribute },
            Self::Float(f) => Attribute { r#type: AttributeType::Float, f: *f, ..attribute },
        }
    }
}

impl Port {
    fn to_proto(&self) -> ValueInfo<'_> {
        let dim = |dim: &Dim| TensorShapeDimension {
            value: match *dim {
                Dim::Fixed(n) => Dimension::Value(n as i64),
                Dim::Named(name) => Dimension::Param(name),
            },
            ..Default::default()
        };
        let shape = TensorShape { dim: self.dims.iter().map(dim).collect() };
        let tensor = TensorTypeProto { elem_type: self.elements, shape: Some(shape) };
        ValueInfo {
            name: &self.name,
            r#type: Some(TypeProto { value: Some(TypeValue::Tensor(tensor)), ..Default::default() }),
            ..Default::default()
        }
    }
}

fn constant_to_proto((name, dims, constant): &(String, Vec<usize>, Constant)) -> TensorProto<'_> {
    let dims = dims.iter().map(|&d| d as i64).collect();
    match constant {
        Constant::Floats(values) => TensorProto::from_f32(name, dims, values.clone()),
        Constant::Ints(values) => TensorProto::from_i64(name, dims, values.clone()),
    }
}
